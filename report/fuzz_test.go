package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

// FuzzReport reads any JSON as a report. What is read is written as it was read,
// and every form of it is harmless.
func FuzzReport(f *testing.F) {
	for _, s := range samples {
		var b bytes.Buffer
		if err := report.JSON(&b, s.make()); err != nil {
			f.Fatal(err)
		}
		var small bytes.Buffer
		if err := json.Compact(&small, b.Bytes()); err != nil {
			f.Fatal(err)
		}
		f.Add(small.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r, again raftdiag.Report
		if json.Unmarshal(raw, &r) != nil {
			return
		}
		var first, second bytes.Buffer
		if err := report.JSON(&first, &r); err != nil {
			return // a number that JSON has not
		}
		if err := json.Unmarshal(first.Bytes(), &again); err != nil {
			t.Fatal(err)
		}
		if err := report.JSON(&second, &again); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Fatalf("%s became %s", first.String(), second.String())
		}
		for _, write := range []func(*bytes.Buffer) error{
			func(b *bytes.Buffer) error { return report.JSON(b, &r) },
			func(b *bytes.Buffer) error { return report.Text(b, &r, report.Options{Width: 80}) },
			func(b *bytes.Buffer) error { return report.Markdown(b, &r) },
			func(b *bytes.Buffer) error { return report.JUnit(b, &r) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(b.Bytes()) {
				t.Fatalf("invalid UTF-8 in %q", b.String())
			}
			if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && unicode.IsControl(r) }); i >= 0 {
				t.Fatalf("a control character in %q", b.String()[i:])
			}
		}
	})
}
