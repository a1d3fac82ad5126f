package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// maxCell is what a cell of a workbook holds, in UTF-16 units.
const maxCell = 32_767

// XLSX writes a workbook: a summary, the apps, the findings, and what was read.
// Texts are texts, whatever they look like; numbers and days are what they are.
func XLSX(w io.Writer, r *migrate.Report) error {
	book := excelize.NewFile()
	defer book.Close() // nothing of it is on a disk
	b := &workbook{book: book}
	b.sheet("Summary", []string{"what", "how many"}, summaryRows(r), []float64{44, 16})
	b.sheet("Apps", []string{"org", "kind", "name", "label", "verdict", "route", "due", "last used", "users", "tokens", "logins", "errors", "warnings", "notes", "why", "unknown", "setup"}, appCells(r), []float64{24, 18, 34, 34, 12, 12, 12, 18, 10, 10, 10, 10, 10, 10, 70, 40, 60})
	b.sheet("Findings", csvColumns, textRows(findingCells(r)), []float64{20, 24, 18, 34, 34, 12, 12, 12, 20, 8, 8, 8, 10, 14, 70, 70, 12, 30, 50, 8, 40})
	if len(r.Orgs) > 1 {
		head, rows, widths := matrixSheet(r)
		b.sheet("Matrix", head, rows, widths)
	}
	b.sheet("Sources", []string{"org", "source", "state", "rows", "note"}, sourceRows(r), []float64{24, 30, 14, 10, 90})
	if b.err == nil {
		b.err = book.DeleteSheet("Sheet1") // the one that every new workbook has
	}
	stamp := r.GeneratedAt.UTC().Format(time.RFC3339)
	if b.err == nil {
		b.err = book.SetDocProps(&excelize.DocProperties{Creator: "ecactl", LastModifiedBy: "ecactl", Created: stamp, Modified: stamp, Title: "Audit"})
	}
	if b.err != nil {
		return fmt.Errorf("writing a workbook: %w", b.err)
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		return fmt.Errorf("writing a workbook: %w", err)
	}
	same, err := settled(out.Bytes())
	if err != nil {
		return fmt.Errorf("writing a workbook: %w", err)
	}
	_, err = w.Write(same)
	return err
}

// workbook remembers the first error.
type workbook struct {
	book *excelize.File
	err  error
}

func (b *workbook) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// sheet writes a table with its heading, which stays in sight and filters.
func (b *workbook) sheet(name string, head []string, rows [][]any, widths []float64) {
	if b.err != nil {
		return
	}
	_, err := b.book.NewSheet(name)
	b.do(err)
	w, err := b.book.NewStreamWriter(name)
	b.do(err)
	if b.err != nil {
		return
	}
	bold, err := b.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	b.do(err)
	for i, width := range widths {
		b.do(w.SetColWidth(i+1, i+1, width))
	}
	b.do(w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	cells := make([]any, len(head))
	for i, h := range head {
		cells[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	b.do(w.SetRow("A1", cells))
	for i, row := range rows {
		b.do(w.SetRow("A"+strconv.Itoa(i+2), row))
	}
	b.do(w.Flush())
	last, err := excelize.CoordinatesToCellName(len(head), len(rows)+1)
	b.do(err)
	if b.err == nil {
		b.do(b.book.AutoFilter(name, "A1:"+last, nil))
	}
}

// cell is a cell with a text of an org.
func cell(s string) any {
	s = Cell(s)
	if len(s) > maxCell {
		s = strings.ToValidUTF8(s[:maxCell-4], "") + " …"
	}
	return s
}

func textRows(rows [][]string) [][]any {
	out := make([][]any, len(rows))
	for i, row := range rows {
		for _, c := range row {
			out[i] = append(out[i], cell(c))
		}
	}
	return out
}

func summaryRows(r *migrate.Report) [][]any {
	rows := [][]any{{"apps", r.Summary.Apps}}
	for _, v := range migrate.Verdicts() {
		rows = append(rows, []any{"verdict " + string(v), r.Summary.Verdicts[v]})
	}
	for _, way := range migrate.Routes() {
		rows = append(rows, []any{"route " + string(way), r.Summary.Routes[way]})
	}
	for _, l := range []diag.Level{diag.Error, diag.Warning, diag.Note} {
		rows = append(rows, []any{l.String() + "s", r.Summary.Levels[l.String()]})
	}
	rows = append(rows, []any{"suppressed findings", r.Summary.Suppressed})
	for i := range r.Orgs {
		rows = append(rows, []any{cell("org " + r.Orgs[i].Title()), cell(cmp.Or(r.Orgs[i].Error, r.Orgs[i].Type))})
	}
	return append(rows, []any{"written", r.GeneratedAt.UTC().Format(time.RFC3339)}, []any{"ecactl", cell(r.Tool.Version)}, []any{"rules", cell(r.Tool.Rules)})
}

func appCells(r *migrate.Report) [][]any {
	names := map[string]string{}
	for i := range r.Orgs {
		names[r.Orgs[i].ID] = r.Orgs[i].Title()
	}
	var rows [][]any
	for i := range r.Apps {
		a := &r.Apps[i]
		levels := openLevels(a)
		row := []any{cell(names[a.Org]), a.Kind, cell(a.Name), cell(a.Label), string(a.Verdict), string(a.Route), deref(a.Due)}
		if a.Activity == nil {
			row = append(row, "", "", "", "")
		} else {
			row = append(row, activityCells(a.Activity)[0], a.Activity.Users, a.Activity.Tokens, a.Activity.Logins)
		}
		rows = append(rows, append(row, levels[diag.Error], levels[diag.Warning], levels[diag.Note], cell(a.Why), cell(strings.Join(a.Unknown, "; ")), cell(a.Setup)))
	}
	return rows
}

// maxColumns is what a sheet has.
const maxColumns = 16_384

// matrixSheet has a row for every name of an app and a column for every org: where
// the app stands there.
func matrixSheet(r *migrate.Report) (head []string, rows [][]any, widths []float64) {
	orgs := min(len(r.Orgs), maxColumns-2)
	head, widths = []string{"app", "kind"}, []float64{34, 18}
	for i := range orgs {
		head, widths = append(head, Cell(r.Orgs[i].Title())), append(widths, 14)
	}
	for _, m := range r.Matrix() {
		row := []any{cell(m.Name), m.Kind}
		for i := range orgs {
			switch a := m.Cells[i]; {
			case a != nil:
				row = append(row, string(a.Verdict))
			case r.Orgs[i].Error != "":
				row = append(row, "not read")
			default:
				row = append(row, "")
			}
		}
		rows = append(rows, row)
	}
	return head, rows, widths
}

func sourceRows(r *migrate.Report) [][]any {
	var rows [][]any
	for i := range r.Orgs {
		for _, s := range r.Orgs[i].Sources {
			rows = append(rows, []any{cell(r.Orgs[i].Title()), cell(s.Name), string(s.State), s.Rows, cell(s.Note)})
		}
	}
	return rows
}

// openLevels counts the findings of an app that are not suppressed.
func openLevels(a *migrate.AppReport) map[diag.Level]int {
	levels := map[diag.Level]int{}
	for _, f := range a.Findings {
		if f.Suppressed == nil {
			levels[f.Level]++
		}
	}
	return levels
}

// settled writes a zip anew, in the order of the names and without times: the
// library's own has both as they come.
func settled(data []byte) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	files := slices.SortedFunc(slices.Values(in.File), func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		to, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		from, err := f.Open()
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(to, from) //nolint:gosec // it was written a moment ago
		_ = from.Close()           // it was read
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
