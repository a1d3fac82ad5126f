package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// An Annotation is a remark that GitHub Actions puts beside a file.
type Annotation struct {
	Level   diag.Level
	Pos     diag.Pos // the zero value for a remark about no file
	Title   string
	Message string
}

// commands are GitHub's names of the levels.
var commands = map[diag.Level]string{diag.Error: "error", diag.Warning: "warning", diag.Note: "notice"}

// In a message, and in a property, these characters have a meaning of their own.
var (
	escapeMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitHub writes annotations as workflow commands, one a line.
func GitHub(w io.Writer, list []Annotation) error {
	for _, a := range list {
		var properties []string
		add := func(name, value string) {
			if value != "" {
				properties = append(properties, name+"="+escapeProperty.Replace(Plain(value)))
			}
		}
		add("file", a.Pos.File)
		if a.Pos.Line > 0 {
			add("line", fmt.Sprint(a.Pos.Line))
		}
		if a.Pos.Col > 0 {
			add("col", fmt.Sprint(a.Pos.Col))
		}
		add("title", a.Title)
		line := "::" + commands[a.Level]
		if len(properties) > 0 {
			line += " " + strings.Join(properties, ",")
		}
		if _, err := fmt.Fprintf(w, "%s::%s\n", line, escapeMessage.Replace(PlainLines(a.Message))); err != nil {
			return err
		}
	}
	return nil
}
