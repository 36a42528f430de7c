package parser

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/raftdiag/raftdiag"
)

// ReadFormats reads files in which a user describes formats (docs/FORMATS.md).
// Formats of earlier files come first. The error names every mistake, with its
// file and line.
func ReadFormats(files ...string) (*Described, error) {
	f := &Described{}
	var all []error
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			all = append(all, fmt.Errorf("read %s: %w", name, unwrapPath(err)))
			continue
		}
		if err := f.add(name, b); err != nil {
			all = append(all, err)
		}
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	f.index()
	return f, nil
}

// add reads one file.
func (f *Described) add(name string, b []byte) error {
	y := &formatFile{name: name, likes: map[string]*yaml.Node{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return yamlError(name, err)
	}
	if len(doc.Content) == 0 {
		return fmt.Errorf("%s:1: the file describes no format (hint: raftdiag formats show NAME prints one)", name)
	}
	y.mapping(doc.Content[0], "a file of formats", map[string]func(*yaml.Node){
		"envelopes": func(n *yaml.Node) { y.list(n, func(n *yaml.Node) { f.envelopes = append(f.envelopes, y.envelope(n)) }) },
		"dialects":  func(n *yaml.Node) { y.list(n, func(n *yaml.Node) { f.dialects = append(f.dialects, y.dialect(n)) }) },
	})
	if err := errors.Join(y.problems...); err != nil {
		return err
	}
	if len(f.envelopes)+len(f.dialects) == 0 {
		return fmt.Errorf("%s:1: the file describes no format (hint: give envelopes: or dialects:)", name)
	}
	return nil
}

// yamlError puts the file in front of the line that YAML's reader names.
func yamlError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := "1"
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if n, after, ok := strings.Cut(rest, ": "); ok {
			line, text = n, after
		}
	}
	return fmt.Errorf("%s:%s: %s", name, line, text)
}

// A formatFile is a file being read, with the mistakes found so far.
type formatFile struct {
	name     string
	problems []error
	likes    map[string]*yaml.Node // by the place of the rule that is like a built-in one
	code     bool                  // the dialect shares code, which may know holes of its own
}

func (y *formatFile) bad(n *yaml.Node, format string, args ...any) {
	y.problems = append(y.problems, fmt.Errorf("%s: %w", y.at(n), fmt.Errorf(format, args...)))
}

func (y *formatFile) at(n *yaml.Node) string { return y.name + ":" + strconv.Itoa(n.Line) }

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping hands each value to the function under its key.
func (y *formatFile) mapping(n *yaml.Node, what string, keys map[string]func(*yaml.Node)) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		y.bad(n, "%s is written as key: value (it has %s)", what, strings.Join(sortedKeys(keys), ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch read := keys[key.Value]; {
		case read == nil:
			y.bad(key, "%s has no %q (it has %s)", what, key.Value, strings.Join(sortedKeys(keys), ", "))
		case seen[key.Value]:
			y.bad(key, "%q is there twice", key.Value)
		default:
			seen[key.Value] = true
			read(n.Content[i+1])
		}
	}
}

func (y *formatFile) list(n *yaml.Node, each func(*yaml.Node)) {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		y.bad(n, "this is a list: each of it begins with -")
		return
	}
	for _, c := range n.Content {
		each(c)
	}
}

// text reads a scalar of any type as it is written.
func (y *formatFile) text(n *yaml.Node) string {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode {
		y.bad(n, "this is a text")
		return ""
	}
	return n.Value
}

// into reads a text to where it belongs.
func (y *formatFile) into(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) { *to = y.text(n) }
}

// words reads key: value, both texts, in order.
func (y *formatFile) words(n *yaml.Node, each func(key, value string, at *yaml.Node)) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		y.bad(n, "this is written as key: value")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		each(y.text(n.Content[i]), y.text(n.Content[i+1]), n.Content[i])
	}
}

// table reads key: value into a map.
func (y *formatFile) table(n *yaml.Node) map[string]string {
	m := map[string]string{}
	y.words(n, func(key, value string, _ *yaml.Node) { m[key] = value })
	return m
}

func (y *formatFile) envelope(n *yaml.Node) *userEnvelope {
	n = resolve(n)
	e := &userEnvelope{at: y.at(n)}
	y.mapping(n, "an envelope", map[string]func(*yaml.Node){
		"name": y.into(&e.name),
		"doc":  y.into(&e.doc),
		"line": func(n *yaml.Node) {
			var err error
			e.raw = y.text(n)
			if e.t, err = parseTemplate(e.raw); err != nil {
				y.bad(n, "%w", err)
				return
			}
			e.t.may = e.may
			msg := false
			for _, p := range e.t.parts {
				msg = msg || p.hole == "msg"
				if p.text == "" && p.hole != "-" && !slices.Contains(envelopeParts, p.hole) {
					y.bad(n, "an envelope has no part %q (it has %s; {} takes and forgets)", p.hole, strings.Join(envelopeParts, ", "))
				}
			}
			if !msg {
				y.bad(n, "the template has no {msg}, where the words of a dialect stand")
			}
			if e.t.weight == 0 && !slices.ContainsFunc(e.t.parts, func(p part) bool { return p.hole == "time" || p.hole == "level" }) {
				y.bad(n, "nothing tells a line in this envelope from any other (hint: {time}, {level} or text)")
			}
		},
		"json":   func(n *yaml.Node) { e.object = y.parts(n) },
		"logfmt": func(n *yaml.Node) { e.pairs = y.parts(n) },
		"time":   y.into(&e.layout),
		"samples": func(n *yaml.Node) {
			y.list(n, func(n *yaml.Node) {
				s := envelopeSample{at: y.at(n), parts: map[string]string{}}
				keys := map[string]func(*yaml.Node){
					"line":   y.into(&s.line),
					"fields": func(n *yaml.Node) { s.fields = y.table(n) },
				}
				for _, part := range envelopeParts {
					if part != "fields" {
						keys[part] = func(n *yaml.Node) { s.parts[part] = y.text(n) }
					}
				}
				y.mapping(n, "a sample of an envelope", keys)
				if s.line == "" {
					y.bad(n, "the sample has no line")
				}
				e.samples = append(e.samples, s)
			})
		},
	})
	ways := 0
	for _, there := range []bool{e.raw != "", e.object != nil, e.pairs != nil} {
		if there {
			ways++
		}
	}
	if ways != 1 {
		y.bad(n, "an envelope has one of line, json and logfmt")
	}
	y.named(n, e.name, "envelope")
	return e
}

// named wants a name.
func (y *formatFile) named(n *yaml.Node, name, what string) {
	if name == "" {
		y.bad(n, "the %s has no name", what)
	}
}

// parts reads under which key each part stands.
func (y *formatFile) parts(n *yaml.Node) map[string]string {
	m := map[string]string{}
	y.words(n, func(part, key string, at *yaml.Node) {
		if part == "fields" || !slices.Contains(envelopeParts, part) {
			y.bad(at, "an envelope has no part %q (it has %s)", part, strings.Join(envelopeParts[:len(envelopeParts)-1], ", "))
		}
		m[part] = key
	})
	if m["msg"] == "" {
		y.bad(n, "msg is missing: under which key do the words stand?")
	}
	return m
}

func (y *formatFile) dialect(n *yaml.Node) *foreign {
	n = resolve(n)
	f := &foreign{dialect: customDialect}
	logger := ""
	var model *foreign
	y.code = false
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "like" {
			continue
		}
		y.code = true
		if model = y.model(n.Content[i+1]); model != nil {
			*f = *model // its code, and nothing of its tables
			f.dialect, f.name, f.doc, f.keys, f.words, f.rules, f.samples = customDialect, "", "", nil, nil, nil, nil
			f.like = true
			if model.rest != nil {
				rest := *model.rest
				f.rest = &rest
			}
		}
	}
	y.mapping(n, "a dialect", map[string]func(*yaml.Node){
		"like":   func(*yaml.Node) {},
		"name":   y.into(&f.name),
		"doc":    y.into(&f.doc),
		"logger": y.into(&logger),
		"keys":   func(n *yaml.Node) { f.keys = y.table(n) },
		"words": func(n *yaml.Node) {
			f.words = map[string]map[string]string{}
			keys := map[string]func(*yaml.Node){}
			for hole := range anyHole() {
				keys[hole] = func(n *yaml.Node) { f.words[hole] = y.table(n) }
			}
			y.mapping(n, "words", keys)
		},
		"rules": func(n *yaml.Node) {
			y.list(n, func(n *yaml.Node) { f.rules = append(f.rules, y.rule(n)) })
		},
		"samples": func(n *yaml.Node) {
			y.list(n, func(n *yaml.Node) {
				s := triedSample{at: y.at(n)}
				y.mapping(n, "a sample of a dialect", map[string]func(*yaml.Node){
					"line": y.into(&s.line), "means": y.into(&s.want), "node": y.into(&s.node), "group": y.into(&s.group), "time": y.into(&s.time),
				})
				if s.line == "" || s.want == "" {
					y.bad(n, "a sample has a line, and what it means (means: nothing for a line that is of no interest)")
				}
				f.tried = append(f.tried, s)
			})
		},
	})
	for i := range f.rules {
		r := &f.rules[i]
		if r.logger == "" {
			r.logger = logger
		}
		if n := y.likes[r.at]; n != nil && (!y.code || model != nil) {
			y.likeRule(r, n, model)
		}
	}
	for key, hole := range f.keys {
		if !y.code && !anyHole()[hole] {
			y.bad(n, "keys: %s: no event has %q", key, hole)
		}
	}
	y.named(n, f.name, "dialect")
	if len(f.rules) == 0 {
		y.bad(n, "the dialect has no rules")
	}
	return f
}

// model is the built-in dialect whose code a dialect shares.
func (y *formatFile) model(n *yaml.Node) *foreign {
	name := y.text(n)
	i := slices.IndexFunc(foreigners, func(f *foreign) bool { return strings.EqualFold(f.name, name) })
	if i < 0 {
		y.bad(n, "no built-in dialect of rules is called %q (there are %s)", name, strings.Join(Shown(), ", "))
		return nil
	}
	return foreigners[i]
}

// likeRule gives a rule the code of the built-in rule that had this text.
func (y *formatFile) likeRule(r *rule, n *yaml.Node, model *foreign) {
	if model == nil {
		y.bad(n, "a rule is like one of a built-in dialect, and like: of the dialect says of which")
		return
	}
	if r.kind != raftdiag.NoKind {
		y.bad(n, "like is for rules with a sign")
		return
	}
	text := y.text(n)
	i := slices.IndexFunc(model.rules, func(x rule) bool { return x.text == text && x.fix != nil })
	if i < 0 {
		y.bad(n, "%s has no rule of this text that computes anything (hint: raftdiag formats show %q)", model.name, model.name)
		return
	}
	r.fix = model.rules[i].fix
}

func (y *formatFile) rule(n *yaml.Node) rule {
	n = resolve(n)
	r := rule{at: y.at(n)}
	var kind, sign, trouble, way, role string
	at := map[string]*yaml.Node{}
	note := func(key string, to *string) func(*yaml.Node) {
		return func(n *yaml.Node) { at[key], *to = n, y.text(n) }
	}
	var keys, set *yaml.Node
	y.mapping(n, "a rule", map[string]func(*yaml.Node){
		"text": note("text", &r.text), "logger": note("logger", &r.logger), "sign": note("sign", &sign), "kind": note("kind", &kind),
		"trouble": note("trouble", &trouble), "way": note("way", &way), "role": note("role", &role), "what": note("what", &r.what),
		"like": func(n *yaml.Node) { y.likes[r.at] = n },
		"keys": func(n *yaml.Node) { keys = n },
		"set":  func(n *yaml.Node) { set = n },
		"when": func(n *yaml.Node) {
			y.words(n, func(key, value string, _ *yaml.Node) { r.when = append(r.when, field{[]byte(key), []byte(value)}) })
		},
	})
	if at["text"] == nil {
		y.bad(n, "the rule has no text")
	} else if t, err := newTemplate(r.text); err != nil {
		y.bad(at["text"], "%w", err)
	} else {
		r.t = t
	}
	var ok bool
	symptom := kind == "" || kind == raftdiag.SymptomSeen.String()
	switch {
	case symptom && sign == "":
		y.bad(n, "the rule has neither a sign nor a kind (hint: raftdiag formats signs, raftdiag formats kinds)")
	case !symptom && sign != "":
		y.bad(at["sign"], "a rule has a sign or a kind, not both")
	case symptom:
		if r.sign, ok = raftdiag.SignByName(sign); !ok {
			y.bad(at["sign"], "there is no sign %q (hint: raftdiag formats signs)", sign)
		}
	default:
		if r.kind, ok = raftdiag.KindByName(kind); !ok || r.kind == raftdiag.Garbled {
			y.bad(at["kind"], "there is no kind %q (hint: raftdiag formats kinds)", kind)
			return r
		}
		for _, key := range []string{"trouble", "way", "role", "what"} {
			if at[key] != nil {
				y.bad(at[key], "%s is for rules with a sign (hint: set: says what no line prints)", key)
			}
		}
	}
	if trouble != "" {
		if r.trouble, ok = raftdiag.TroubleByName(trouble); !ok {
			y.bad(at["trouble"], "there is no trouble %q (there are %s)", trouble, strings.Join(raftdiag.Troubles(), ", "))
		}
	}
	switch way {
	case "":
	case raftdiag.Outbound.String():
		r.way = raftdiag.Outbound
	case raftdiag.Inbound.String():
		r.way = raftdiag.Inbound
	default:
		y.bad(at["way"], "there is no way %q (there are in and out)", way)
	}
	if role != "" {
		if r.role, ok = anyRole([]byte(role)); !ok {
			y.bad(at["role"], "there is no role %q (there are Leader, Follower, Candidate, PreCandidate)", role)
		}
	}
	y.holes(&r, at["text"], keys, set)
	return r
}

// holes checks that the event has what the holes, keys and set name.
func (y *formatFile) holes(r *rule, text, keys, set *yaml.Node) {
	known := holesOf(r.kind)
	kind := "a symptom"
	if r.kind != raftdiag.NoKind {
		kind = "an event of kind " + r.kind.String()
	}
	check := func(at *yaml.Node, hole string) {
		hole, _, _ = strings.Cut(hole, "=")
		if !y.code && !slices.Contains(known, hole) {
			y.bad(at, "%s has no %q (it has %s; {} takes and forgets)", kind, hole, strings.Join(known, ", "))
		}
	}
	if r.t != nil {
		for _, p := range r.t.parts {
			if p.text == "" && p.hole != "-" {
				check(text, p.hole)
			}
		}
	}
	if keys != nil {
		r.keys = map[string]string{}
		y.words(keys, func(key, hole string, at *yaml.Node) {
			check(at, hole)
			r.keys[key] = hole
		})
	}
	if set != nil {
		y.words(set, func(hole, value string, at *yaml.Node) {
			check(at, hole)
			r.set = append(r.set, catch{hole, []byte(value)})
			if h, ok := statedHoles[hole]; ok && r.kind != raftdiag.NoKind && !h.put(&reader{in: newInterner()}, &raftdiag.Event{Kind: r.kind}, []byte(value), false) {
				y.bad(at, "%q is no %s", value, hole)
			}
		})
	}
}

// anyHole are all holes that some event has.
func anyHole() map[string]bool {
	m := map[string]bool{}
	for _, k := range raftdiag.Kinds() {
		for _, h := range holesOf(k.Kind) {
			m[h] = true
		}
	}
	return m
}
