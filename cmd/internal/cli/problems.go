package cli

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate/report"
)

// problemJSON is a problem in the documents that the program prints.
type problemJSON struct {
	File    string     `json:"file"`
	Line    int        `json:"line"`
	Column  int        `json:"column"`
	Level   diag.Level `json:"level"`
	Code    string     `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint"`
}

func problemsJSON(ps diag.Problems) []problemJSON {
	list := make([]problemJSON, len(ps)) // a list in JSON, never null
	for i, p := range ps {
		list[i] = problemJSON{p.File, p.Line, p.Col, p.Level, p.Code, p.Message, p.Hint}
	}
	return list
}

// maxShown is how many problems a person is shown; every other format has all.
const maxShown = 100

// writeProblems prints problems for a person: a line that an editor can jump
// from, the line of the source with the place marked, what to do.
func writeProblems(w io.Writer, ps diag.Problems, sources map[string][]byte, theme report.Theme) {
	lines := map[string][][]byte{}
	for i, p := range ps {
		if i == maxShown {
			fmt.Fprintf(w, "… and %d more; --output json has all\n", len(ps)-maxShown)
			return
		}
		if src, ok := sources[p.File]; ok && lines[p.File] == nil {
			lines[p.File] = bytes.Split(src, []byte("\n"))
		}
		level := ""
		if p.Level != diag.Error {
			level = p.Level.String() + ": "
		}
		message := level + report.Plain(p.Message)
		if at := p.Pos.String(); at != "" {
			fmt.Fprintf(w, "%s: ", report.Plain(at))
		}
		fmt.Fprintf(w, "%s %s\n", theme.Level(p.Level, message), theme.Faint("("+p.Code+")"))
		writeExcerpt(w, p, lines[p.File], theme)
		if p.Hint != "" {
			fmt.Fprintf(w, "  hint: %s\n", report.Plain(p.Hint))
		}
	}
}

// excerptWidth is how much of a long line is shown.
const excerptWidth = 160

func writeExcerpt(w io.Writer, p *diag.Problem, lines [][]byte, theme report.Theme) {
	if p.Line < 1 || p.Line > len(lines) || p.Col < 1 {
		return
	}
	line := string(bytes.TrimRight(lines[p.Line-1], "\r"))
	if p.Col > len(line)+1 || p.Col > excerptWidth {
		return
	}
	length := markLength(line[p.Col-1:])
	line = masked(line, p)
	line = line[:min(len(line), excerptWidth)]
	mark := "^" + strings.Repeat("~", max(0, min(length, excerptWidth-p.Col)-1))
	number := fmt.Sprintf("%4d", p.Line)
	fmt.Fprintf(w, "%s | %s\n", theme.Faint(number), report.Plain(line))
	fmt.Fprintf(w, "%s | %s%s\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", p.Col-1), theme.Level(p.Level, mark))
}

// secretCode is the problem of a secret in a spec.
const secretCode = "ECA014"

// secretValue is what follows the name of a secret, should it stand in a line that
// something else is wrong with.
var secretValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(\w*(?:secret|password|passphrase|signing_?key|private_?key|service_?account|access_?token)["']?\s*[:=]\s*["']?)[^\s"',{}\[\]]{8,}`)
})

// masked takes secrets out of a line that is shown: CI keeps what is printed.
func masked(line string, p *diag.Problem) string {
	if p.Code == secretCode {
		if end := p.Col - 1 + markLength(line[p.Col-1:]); end < len(line) {
			return line[:end] + ": " + secret.Mask
		}
	}
	return secretValue().ReplaceAllString(line, "${1}"+secret.Mask)
}

// markLength is the length of the word, or of the quoted text, at the place.
func markLength(s string) int {
	if s == "" {
		return 1
	}
	if s[0] == '"' || s[0] == '\'' {
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return end + 2
		}
	}
	if end := strings.IndexAny(s, " \t:,]}#"); end > 0 {
		return end
	}
	return min(len(s), 1)
}

func writeProblemsMarkdown(w io.Writer, ps diag.Problems) {
	fmt.Fprint(w, "| level | code | place | problem | hint |\n|---|---|---|---|---|\n")
	for _, p := range ps {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", p.Level, p.Code, report.Markdown(p.Pos.String()), report.Markdown(p.Message), report.Markdown(p.Hint))
	}
}
