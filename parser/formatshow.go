package parser

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/raftdiag/raftdiag"
)

// ShowFormat is a built-in dialect of rules as YAML, in the form that
// ReadFormats reads. It reports false if no such dialect is built in. Where the
// dialect computes what no table says, like: names the code that a copy shares.
func ShowFormat(name string) (string, bool, error) {
	i := slices.IndexFunc(foreigners, func(f *foreign) bool { return strings.EqualFold(f.name, name) })
	if i < 0 {
		return "", false, nil
	}
	text, err := foreigners[i].yaml()
	return text, true, err
}

// Shown are the names of the dialects that ShowFormat shows.
func Shown() (names []string) {
	for _, f := range foreigners {
		names = append(names, f.name)
	}
	return names
}

// yaml writes the dialect, and only samples that what is written reads right.
func (f *foreign) yaml() (string, error) {
	text, err := f.write(f.samples)
	if err != nil {
		return "", err
	}
	d := &Described{}
	if err := d.add(f.name, []byte(text)); err != nil {
		return "", fmt.Errorf("show %s: %w", f.name, err)
	}
	d.index()
	var right []sample
	for i, t := range d.Try() {
		if len(t.Problems) == 0 {
			right = append(right, f.samples[i])
		}
	}
	if len(right) == len(f.samples) {
		return text, nil
	}
	return f.write(right)
}

func (f *foreign) write(samples []sample) (string, error) {
	d := &yamlMap{}
	d.put("name", f.name)
	d.put("doc", f.doc)
	code := f.speaks != nil || f.fix != nil || f.finish != nil || f.rest != nil ||
		slices.ContainsFunc(f.rules, func(r rule) bool { return r.fix != nil })
	if code {
		d.put("like", f.name)
	}
	if len(f.keys) > 0 {
		d.add("keys", inRow(f.keys))
	}
	if len(f.words) > 0 {
		words := &yamlMap{}
		for _, hole := range sortedKeys(f.words) {
			words.add(hole, inRow(f.words[hole]))
		}
		d.add("words", words.node())
	}
	rules := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range f.rules {
		if r := &f.rules[i]; r.sign != raftdiag.NoSign || r.kind != raftdiag.NoKind {
			rules.Content = append(rules.Content, r.node(code))
		}
	}
	d.add("rules", rules)
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, s := range samples {
		m := &yamlMap{}
		m.put("line", s.line)
		m.put("means", s.want)
		list.Content = append(list.Content, m.node())
	}
	if len(samples) > 0 {
		d.add("samples", list)
	}
	top := &yamlMap{}
	top.add("dialects", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{d.node()}})
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(top.node()); err != nil {
		return "", fmt.Errorf("show %s: %w", f.name, err)
	}
	return b.String(), e.Close()
}

func (r *rule) node(code bool) *yaml.Node {
	m := &yamlMap{}
	m.put("text", r.written(code))
	m.put("logger", r.logger)
	if r.kind != raftdiag.NoKind {
		m.put("kind", r.kind.String())
	} else {
		m.put("sign", r.sign.String())
	}
	m.put("trouble", r.trouble.String())
	m.put("way", r.way.String())
	if r.role != raftdiag.UnknownRole {
		m.put("role", r.role.String())
	}
	m.put("what", r.what)
	if r.fix != nil {
		m.put("like", r.text)
	}
	if len(r.keys) > 0 {
		m.add("keys", inRow(r.keys))
	}
	if len(r.when) > 0 {
		when := map[string]string{}
		for _, w := range r.when {
			when[string(w.key)] = string(w.value)
		}
		m.add("when", inRow(when))
	}
	if len(r.set) > 0 {
		set := map[string]string{}
		for _, c := range r.set {
			set[c.name] = string(c.value)
		}
		m.add("set", inRow(set))
	}
	return m.node()
}

// written is the template as a user may write it: holes of which only code
// knows take and forget, unless the dialect has code.
func (r *rule) written(code bool) string {
	t, err := newTemplate(r.text)
	if err != nil {
		return r.text
	}
	known := holesOf(r.kind)
	var b strings.Builder
	for _, p := range t.parts {
		if p.text != "" {
			b.WriteString(strings.ReplaceAll(p.text, "{", "{{"))
			continue
		}
		b.WriteByte('{')
		if name, _, _ := strings.Cut(p.hole, "="); p.hole != "-" && (code || slices.Contains(known, name)) {
			b.WriteString(p.hole)
		}
		for name, sort := range holeSorts {
			if sort == p.sort && name != "" {
				b.WriteString(":" + name)
			}
		}
		b.WriteByte('}')
	}
	return b.String()
}

// A yamlMap is a mapping in the order in which it is made.
type yamlMap struct{ content []*yaml.Node }

func (m *yamlMap) add(key string, v *yaml.Node) {
	m.content = append(m.content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, v)
}

// put adds a text, if there is one.
func (m *yamlMap) put(key, value string) {
	if value != "" {
		m.add(key, scalar(value))
	}
}

func (m *yamlMap) node() *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: m.content}
}

// scalar quotes what is not a plain word, so that it is read as it is.
func scalar(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == '\'' || c > '~' }) {
		n.Style = yaml.DoubleQuotedStyle
	} else if s == "" || s[0] <= '9' || strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '/'
	}) {
		n.Style = yaml.SingleQuotedStyle
	}
	return n
}

// inRow writes a small table on one line.
func inRow(table map[string]string) *yaml.Node {
	m := &yamlMap{}
	for _, k := range sortedKeys(table) {
		m.content = append(m.content, scalar(k), scalar(table[k]))
	}
	n := m.node()
	n.Style = yaml.FlowStyle
	return n
}
