package main

import (
	"fmt"
	"strconv"
)

// etcdMember is a member as the gateway lists it.
type etcdMember struct {
	ID      string   `json:"ID"`
	Name    string   `json:"name"`
	Peers   []string `json:"peerURLs"`
	Learner bool     `json:"isLearner"`
}

// memberID is the id of node i, in decimal.
func (e *etcd) memberID(r *Run, i int) (string, error) {
	var out struct{ Members []etcdMember }
	via := r.Leading
	if err := e.call(r.ctx, r.Cluster, via, "cluster/member/list", struct{}{}, &out); err != nil {
		return "", err
	}
	for _, m := range out.Members {
		if m.Name == r.Nodes[i].Name {
			return m.ID, nil
		}
	}
	return "", fmt.Errorf("%s is no member", r.Nodes[i].Name)
}

// updatePeer tells the cluster that node i is at url.
func (e *etcd) updatePeer(r *Run, i int, url string) error {
	id, err := e.memberID(r, i)
	if err != nil {
		return err
	}
	return e.call(r.ctx, r.Cluster, r.Leading, "cluster/member/update", map[string]any{"ID": id, "peerURLs": []string{url}}, nil)
}

// remove takes node i out of the cluster.
func (e *etcd) remove(r *Run, i int) error {
	id, err := e.memberID(r, i)
	if err != nil {
		return err
	}
	return e.call(r.ctx, r.Cluster, r.Leading, "cluster/member/remove", map[string]any{"ID": id}, nil)
}

// transfer moves leadership to node i.
func (e *etcd) transfer(r *Run, i int) error {
	id, err := e.memberID(r, i)
	if err != nil {
		return err
	}
	leader := e.Leader(r.ctx, r.Cluster)
	if leader < 0 {
		return fmt.Errorf("no leader to transfer from")
	}
	if err := e.call(r.ctx, r.Cluster, leader, "maintenance/transfer-leadership", map[string]any{"targetID": id}, nil); err != nil {
		return err
	}
	r.Leading = i
	return nil
}

// addMember tells the cluster of node i, which is laid out and not started.
func (e *etcd) addMember(r *Run, i int, learner bool) (id string, err error) {
	var out struct{ Member etcdMember }
	err = e.call(r.ctx, r.Cluster, r.Leading, "cluster/member/add", map[string]any{"peerURLs": []string{e.scheme(r.Cluster) + r.Nodes[i].Peer}, "isLearner": learner}, &out)
	return out.Member.ID, err
}

// promote makes a learner a voter.
func (e *etcd) promote(r *Run, id string) error {
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return err
	}
	return e.call(r.ctx, r.Cluster, r.Leading, "cluster/member/promote", map[string]any{"ID": id}, nil)
}
