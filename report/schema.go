package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/raftdiag/raftdiag"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// An object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encode(&b, m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encode(&b, m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func encode(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the newline
	return nil
}

func pretty(o object) []byte {
	raw, err := o.MarshalJSON()
	if err != nil { // schemas are made of strings and numbers
		panic(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		panic(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

const maxUint64 = json.Number("18446744073709551615")

// EventSchema is docs/event.schema.json, made from the kinds and fields of the
// root package. Keys that it does not name are allowed, and readers ignore
// them: a logger adds keys of its own.
func EventSchema() []byte {
	id := object{{"description", "a node id: etcd's exceed what a JSON number holds, so they are written as strings"},
		{"anyOf", []any{object{{"type", "string"}, {"pattern", "^[0-9]{1,20}$"}}, object{{"type", "integer"}, {"minimum", 0}, {"maximum", maxUint64}}}}}
	ids := object{{"type", "array"}, {"items", object{{"$ref", "#/$defs/id"}}}}
	config := object{{"type", "object"}, {"required", []string{"voters"}}, {"properties", object{
		{"voters", ids}, {"voters_outgoing", ids}, {"learners", ids}, {"learners_next", ids}, {"auto_leave", object{{"type", "boolean"}}}}}}
	props := object{
		{"time", object{{"description", "wall clock of the node that wrote the line; left out if it printed none"}, {"type", "string"}, {"format", "date-time"}}},
		{"node", object{{"description", "the node that states the fact"}, {"$ref", "#/$defs/id"}}},
		{"group", object{{"description", "the Raft group; without it the fact concerns every group of the node"}, {"type", "string"}}},
		{"writer", object{{"description", "what a prefix calls the process that wrote the line"}, {"type", "string"}}},
		{"kind", object{{"$ref", "#/$defs/kind"}}},
		{"source", object{{"description", "the input that the event was read from"}, {"type", "string"}}},
		{"line", object{{"description", "the line there, from 1"}, {"type", "integer"}, {"minimum", 1}}},
	}
	fields := raftdiag.FieldList()
	for _, f := range fields {
		v := object{{"description", f.Doc}}
		switch f.Type {
		case "integer":
			v = append(v, member{"type", "integer"})
			if f.Bit != raftdiag.HasDuration {
				v = append(v, member{"minimum", 0}, member{"maximum", maxUint64})
			}
		case "id", "config", "symptom":
			v = append(v, member{"$ref", "#/$defs/" + f.Type})
		default:
			v = append(v, member{"type", f.Type})
		}
		props = append(props, member{f.Key, v})
	}
	var names []string
	var kinds []any
	for _, k := range raftdiag.Kinds() {
		names = append(names, k.Name)
		sets := []string{}
		for _, f := range fields {
			if k.Fields.Has(f.Bit) {
				sets = append(sets, f.Key)
			}
		}
		doc := k.Doc
		if len(sets) > 0 {
			doc += " (may set " + strings.Join(sets, ", ") + ")"
		}
		kinds = append(kinds, object{{"title", k.Name}, {"description", doc}, {"const", k.Name}})
	}
	return pretty(object{
		{"$schema", draft},
		{"$id", "https://github.com/raftdiag/raftdiag/docs/event.schema.json"},
		{"title", "raftdiag event"},
		{"description", "One fact that one node states, as one line of JSON. A field that is absent was not printed: it is unknown, not zero. Readers ignore keys that they do not know and fields that the kind does not set."},
		{"type", "object"},
		{"required", []string{"kind"}},
		{"properties", props},
		{"$defs", object{
			{"id", id},
			{"config", config},
			{"symptom", symptomSchema()},
			{"kind", object{{"type", "string"}, {"enum", names}, {"oneOf", kinds}}},
		}},
	})
}

// symptomSchema is the JSON of a symptom.
func symptomSchema() object {
	var signs []string
	var docs []any
	for _, s := range raftdiag.Signs() {
		signs = append(signs, s.Name)
		docs = append(docs, object{{"title", s.Name}, {"description", s.Doc}, {"const", s.Name}})
	}
	words := object{{"type", "array"}, {"items", object{{"type", "string"}}}}
	return object{{"type", "object"}, {"required", []string{"sign"}}, {"properties", object{
		{"sign", object{{"type", "string"}, {"enum", signs}, {"oneOf", docs}}},
		{"trouble", object{{"description", "the class of the error"}, {"type", "string"}, {"enum", raftdiag.Troubles()}}},
		{"level", object{{"type", "string"}}},
		{"way", object{{"description", "the direction of a link, seen from the node that speaks"}, {"type", "string"}, {"enum", []string{"out", "in"}}}},
		{"self", append(object{{"description", "what the line calls the node that wrote it, the best word first"}}, words...)},
		{"peer", append(object{{"description", "what the line calls the other node, the best word first"}}, words...)},
		{"members", object{{"description", "the nodes that a list of members names"}, {"type", "array"}, {"items", object{{"type", "object"}, {"required", []string{"words"}}, {"properties", object{
			{"words", words},
			{"learner", object{{"description", "it has no vote"}, {"type", "boolean"}}},
		}}}}}},
		{"what", object{{"description", "the link, file or step of which the line speaks"}, {"type", "string"}}},
	}}}
}

// enums are the closed sets of values, by type and key.
var enums = map[string][]string{
	"Report.schema":         {raftdiag.ReportSchema},
	"Report.verdict":        verdictNames(),
	"Group.verdict":         verdictNames(),
	"Finding.id":            {"H1", "H2", "H3", "H4", "H5"},
	"Finding.name":          hypothesisNames,
	"Finding.verdict":       {string(raftdiag.Confirmed), string(raftdiag.RuledOut), string(raftdiag.Unknown)},
	"Violation.name":        stateNames,
	"Suspect.name":          hypothesisNames,
	"Place.gate":            gateNames,
	"Place.status":          {"passed", "late", "blocked", "unknown", "down"},
	"Episode.impact":        {string(raftdiag.NoImpact), string(raftdiag.SlowedBy), string(raftdiag.Blocked), string(raftdiag.Lost)},
	"Episode.failure_point": hypothesisNames,
	"Episode.gate":          gateNames,
}

func verdictNames() []string {
	var out []string
	for _, v := range runVerdicts {
		out = append(out, string(v))
	}
	return out
}

// docs say what each key of the report means, by type and key.
var docs = map[string]string{
	"Report":         "everything that one analysis found",
	"Report.schema":  "version of this form",
	"Report.verdict": "the worst of the groups' verdicts; null if no input yielded a Raft event",
	"Report.summary": "the worst thing in one sentence",
	"Report.inputs":  "what was read",
	"Report.groups":  "the findings of each Raft group",
	"Report.notes":   "about the inputs as a whole",

	"Input":              "one source and what was read from it",
	"Input.source":       "file name as given or found, or - for standard input",
	"Input.node":         "the node that wrote it; null if unknown or several",
	"Input.format":       "how it was read; empty if not recognised",
	"Input.lines":        "lines read",
	"Input.events":       "facts read from them",
	"Input.garbled":      "lines that begin like a Raft line and cannot be read",
	"Input.unattributed": "events whose node could not be told",
	"Input.first":        "earliest time, RFC 3339; null without times",
	"Input.last":         "latest time",
	"Input.incarnations": "runs of the process",
	"Input.error":        "why nothing, or not all, was read; null if all went well",

	"Group":            "the findings of one Raft group",
	"Group.group":      "its name; may be empty",
	"Group.verdict":    "the worst of what was found in it",
	"Group.summary":    "the same in one sentence",
	"Group.alike":      "how many groups it stands for, itself among them; 0 or 1 where it stands for itself",
	"Group.voters":     "the voters, as far as known",
	"Group.nodes":      "where each node stood at the end of its log",
	"Group.hypotheses": "all eight, in the order of the gates, over the whole log",
	"Group.violations": "impossible states",
	"Group.episodes":   "stalls, in order of time",
	"Group.notes":      "what is worth knowing and no fault",
	"Group.ledgers":    "the group's books",

	"NodeState":            "where a node stood at the end of its log",
	"NodeState.node":       "the node",
	"NodeState.logged":     "whether its own log is among the inputs",
	"NodeState.role":       "its Raft role, or Unknown",
	"NodeState.term":       "its term",
	"NodeState.commit":     "its commit index",
	"NodeState.last_index": "its last index",
	"NodeState.applied":    "its applied index",
	"NodeState.summary":    "what else there is to say",
	"NodeState.also":       "other words for it: ids, addresses",
	"NodeState.sources":    "the inputs that it wrote, where their words told",

	"Quote":        "a line of an input",
	"Quote.source": "the input",
	"Quote.line":   "the line, from 1",
	"Quote.text":   "the line's text, made safe and capped in length",
	"Quote.says":   "what it proves",

	"Finding":          "one hypothesis weighed",
	"Finding.id":       "H1 to H5, or null",
	"Finding.name":     "the hypothesis",
	"Finding.verdict":  "what it came to",
	"Finding.summary":  "why",
	"Finding.evidence": "the lines that show it",
	"Finding.missing":  "what would settle it, if it is unknown",
	"Finding.ask":      "what to do so that it can be settled",

	"Violation":          "an impossible state",
	"Violation.name":     "its name",
	"Violation.nodes":    "the nodes that are in it",
	"Violation.summary":  "what it is here",
	"Violation.evidence": "the lines that show it",
	"Violation.unsafe":   "whether it breaks a safety property of Raft",
	"Violation.remedy":   "what to do now",

	"Cause":          "what lies beneath a failure point",
	"Cause.name":     "a name of the catalogue (raftdiag explain); more may join",
	"Cause.nodes":    "the nodes that it concerns",
	"Cause.summary":  "what it is here",
	"Cause.evidence": "the lines that show it",
	"Cause.remedy":   "what to do about it",

	"Suspect":       "a hypothesis that was not ruled out",
	"Suspect.name":  "the hypothesis",
	"Suspect.score": "comparable within one episode; no probability",

	"Place":          "how far one voter's lane came for the stuck entry",
	"Place.node":     "the voter",
	"Place.leader":   "whether it is the leader, whose own append is a lane too",
	"Place.voter":    "whether it has a vote",
	"Place.logged":   "whether its own log is among the inputs",
	"Place.gate":     "the gate at which the lane stopped, or matched",
	"Place.status":   "what the lane came to there",
	"Place.summary":  "why",
	"Place.passed":   "the gates that it passed, in order",
	"Place.evidence": "the lines that show it",

	"Where":        "a line without its text",
	"Where.source": "the input",
	"Where.line":   "the line, from 1",

	"Episode":               "one stall, from the first stuck entry to its commit or the end",
	"Episode.start":         "RFC 3339, or null without clocks",
	"Episode.end":           "RFC 3339, or null without clocks or while it lasts",
	"Episode.start_at":      "the line at which it begins",
	"Episode.end_at":        "the line at which it ends; null while it lasts",
	"Episode.leader":        "the leader whose entry is stuck",
	"Episode.term":          "the term",
	"Episode.index":         "the index of the first stuck entry",
	"Episode.impact":        "what it cost",
	"Episode.failure_point": "a hypothesis that is confirmed, else null",
	"Episode.gate":          "the gate at which the quorum is lost; it gives no-delivery its direction",
	"Episode.summary":       "what happened, in one sentence",
	"Episode.remedy":        "what to do now, or what would decide",
	"Episode.suspects":      "hypotheses not ruled out, best first",
	"Episode.causes":        "causes, best first",
	"Episode.hypotheses":    "all eight, in the order of the gates",
	"Episode.followers":     "each voter's place",

	"Note":          "something worth knowing that is no fault",
	"Note.name":     "its name",
	"Note.summary":  "what it is here",
	"Note.evidence": "the lines that show it",

	"Ledgers":            "a group's books",
	"Ledgers.pairs":      "messages between two nodes, by type",
	"Ledgers.leadership": "elections and leaders, by term",
	"Ledgers.membership": "whom each node takes for a voter",
	"Ledgers.clocks":     "how far the nodes' clocks differ",

	"PairRow":           "the messages of one type between two nodes",
	"PairRow.from":      "sender",
	"PairRow.to":        "receiver",
	"PairRow.type":      "message type, as raftpb names it",
	"PairRow.sent":      "sends shown",
	"PairRow.delivered": "sends paired with a receipt",
	"PairRow.lost":      "sends proven lost",
	"PairRow.open":      "sends of which the logs cannot tell",
	"PairRow.refused":   "sends that the transport could not deliver",
	"PairRow.first":     "the first",
	"PairRow.last":      "the last",

	"TermRow":            "one term's election and leadership",
	"TermRow.term":       "the term",
	"TermRow.leader":     "who led, or null",
	"TermRow.candidates": "who campaigned",
	"TermRow.grants":     "voter for candidate, as 2 for 1",
	"TermRow.refusals":   "refused votes, and why",
	"TermRow.ended":      "how it ended",
	"TermRow.at":         "where it begins",

	"MemberRow":        "whom one node takes for a voter",
	"MemberRow.node":   "the node",
	"MemberRow.voters": "its voters",
	"MemberRow.from":   "where that shows: config, progress or seen",
	"MemberRow.at":     "the line",

	"ClockRow":           "how far the clock of one node is ahead of another's",
	"ClockRow.from":      "whose clock is the measure",
	"ClockRow.to":        "whose clock is measured",
	"ClockRow.low_ns":    "at least so far ahead, in nanoseconds; null if unbounded",
	"ClockRow.high_ns":   "at most so far ahead",
	"ClockRow.drift_ppm": "drift in parts per million",
	"ClockRow.grade":     "accurate, approximate, one-way, none or contradictory",
	"ClockRow.pairs":     "paired messages that it rests on",
	"ClockRow.steps":     "jumps found",
}

// ReportSchema is docs/report.schema.json, made from the structs of the root
// package and the tables above.
func ReportSchema() []byte {
	defs := object{}
	known := map[string]bool{}
	root := describe(reflect.TypeFor[raftdiag.Report](), &defs, known)
	top := object{
		{"$schema", draft},
		{"$id", "https://github.com/raftdiag/raftdiag/docs/report.schema.json"},
		{"title", "raftdiag report"},
	}
	return pretty(append(append(top, root...), member{"$defs", defs}))
}

// describe is the schema of a struct; those that it uses go into defs.
func describe(t reflect.Type, defs *object, known map[string]bool) object {
	props, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if opts != "omitempty" {
			required = append(required, key)
		}
		v := object{{"description", docs[t.Name()+"."+key]}}
		props = append(props, member{key, append(v, value(t.Name()+"."+key, f.Type, defs, known)...)})
	}
	return object{{"description", docs[t.Name()]}, {"type", "object"}, {"required", required}, {"properties", props}, {"additionalProperties", false}}
}

// value is the schema of a field.
func value(path string, t reflect.Type, defs *object, known map[string]bool) object {
	if t.Kind() == reflect.Pointer {
		inner := value(path, t.Elem(), defs, known)
		return object{{"anyOf", []any{inner, object{{"type", "null"}}}}}
	}
	switch t.Kind() {
	case reflect.Struct:
		if !known[t.Name()] {
			known[t.Name()] = true
			d := describe(t, defs, known)
			*defs = append(*defs, member{t.Name(), d})
		}
		return object{{"$ref", "#/$defs/" + t.Name()}}
	case reflect.Slice:
		out := object{{"type", "array"}, {"items", value("", t.Elem(), defs, known)}}
		if strings.HasSuffix(path, ".hypotheses") {
			out = append(out, member{"minItems", len(hypothesisNames)}, member{"maxItems", len(hypothesisNames)})
		}
		return out
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Float64:
		return object{{"type", "number"}}
	case reflect.Uint64:
		return object{{"type", "integer"}, {"minimum", 0}, {"maximum", maxUint64}}
	case reflect.Int, reflect.Int64:
		if strings.HasSuffix(path, "_ns") {
			return object{{"type", "integer"}}
		}
		return object{{"type", "integer"}, {"minimum", 0}}
	}
	if set := enums[path]; len(set) > 0 {
		return object{{"enum", set}}
	}
	switch path {
	case "Input.first", "Input.last", "Episode.start", "Episode.end":
		return object{{"type", "string"}, {"format", "date-time"}}
	}
	return object{{"type", "string"}}
}
