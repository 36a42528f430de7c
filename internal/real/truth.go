package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// A Truth is what is known of a recording from outside its logs.
type Truth struct {
	System  string `json:"system"`
	Version string `json:"version"`
	Fault   string `json:"fault"` // the scenario without its variant
	Variant string `json:"variant,omitempty"`

	Cause  string   `json:"cause"`            // name of the cause; empty when healthy
	Also   []string `json:"also,omitempty"`   // other names that are right: what the cause does, or is called from the other side
	Points []string `json:"points,omitempty"` // failure points that may be confirmed; empty: none may
	Nodes  []string `json:"nodes"`            // the culprits, as node1, node2...; empty: none or all

	Start   *time.Time `json:"start"` // of the fault, or of the planned change in a healthy run
	End     *time.Time `json:"end"`   // when it was taken back; null if it was not
	Healthy bool       `json:"healthy"`

	Partial      bool           `json:"partial,omitempty"` // the clients write to one group of several: another may have lost more than impact says
	Impact       string         `json:"impact"`            // none, slow (an election's time), blocked
	LongestGapMS int64          `json:"longest_gap_ms"`    // longest time without a successful write
	GapStart     *time.Time     `json:"gap_start"`
	Writes       int            `json:"writes"` // tried, over all nodes; each client writes to one node
	FailedWrites int            `json:"failed_writes"`
	FailedByNode map[string]int `json:"failed_by_node"`
	FirstFailure *time.Time     `json:"first_failure"`
	LastFailure  *time.Time     `json:"last_failure"`
	Errors       map[string]int `json:"errors,omitempty"` // what the clients were told

	Members map[string]Member `json:"members"` // by file: node1...
	Leader  string            `json:"leader"`  // when the fault began: node1...
	Command string            `json:"command"` // of one node, without its directories
	Notes   string            `json:"notes"`
}

// A Member is how a node is named in its system.
type Member struct {
	Name    string `json:"name"`
	ID      string `json:"id,omitempty"`
	Address string `json:"address"`
}

func (t *Truth) write(dir string) error {
	data, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "truth.json"), append(data, '\n'), 0o644)
}

func readTruth(path string) (*Truth, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := new(Truth)
	if err := json.Unmarshal(data, t); err != nil {
		return nil, err
	}
	return t, nil
}
