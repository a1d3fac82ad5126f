package report

import (
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// A Theme says whether colours are written. What a colour says is always said
// in words too.
type Theme struct{ Colour bool }

func (t Theme) paint(c text.Color, s string) string {
	if !t.Colour {
		return s
	}
	return c.EscapeSeq() + s + text.Reset.EscapeSeq()
}

// Bold writes a heading.
func (t Theme) Bold(s string) string { return t.paint(text.Bold, s) }

// Faint writes what can be passed over.
func (t Theme) Faint(s string) string { return t.paint(text.Faint, s) }

var levelColours = map[diag.Level]text.Color{diag.Error: text.FgRed, diag.Warning: text.FgYellow, diag.Note: text.FgCyan}

// Level writes a text in the colour of a level.
func (t Theme) Level(l diag.Level, s string) string { return t.paint(levelColours[l], s) }

var verdictColours = map[migrate.Verdict]text.Color{
	migrate.VerdictEligible: text.FgGreen, migrate.VerdictFixFirst: text.FgYellow, migrate.VerdictVendor: text.FgMagenta,
	migrate.VerdictMigrated: text.FgGreen, migrate.VerdictUnknown: text.FgRed,
}

func (t Theme) verdict(v migrate.Verdict) string { return t.paint(verdictColours[v], string(v)) }

// Grid writes rows in aligned columns, the first row as the heading. Nothing is
// cut off: a terminal wraps, a pipe gets it all.
func (t Theme) Grid(w io.Writer, indent string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	grid := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	grid.SetStyle(style)
	for i, cells := range rows {
		row := make(table.Row, len(cells))
		for j, c := range cells {
			row[j] = c
			if i == 0 {
				row[j] = t.Bold(c)
			}
		}
		grid.AppendRow(row)
	}
	var out strings.Builder
	for line := range strings.SplitSeq(grid.Render(), "\n") {
		out.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
