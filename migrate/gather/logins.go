package gather

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
)

// tooMany tells an aggregate of more rows than an org gives: there are no further
// pages of those.
func tooMany(said *org.Error) bool {
	return said.Code == "EXCEEDED_ID_LIMIT" || strings.Contains(said.Message, "queryMore")
}

// fallbackDays bound the windows in which logins are counted where an org does
// not tell the last of them: a last login is then known to its window.
var fallbackDays = []int{0, 1, 7, 30}

// inWindows counts logins window by window. The end of the window stands for the
// last login, so that an app seems used rather than unused.
func (g *gatherer) inWindows(ctx context.Context, q query) error {
	now := g.options.Now.UTC().Truncate(time.Second)
	bounds := append(slices.Clone(fallbackDays), g.options.Days)
	var reads []org.Read
	var ends []time.Time
	for i := 0; i+1 < len(bounds) && bounds[i] < g.options.Days; i++ {
		from, to := now.AddDate(0, 0, -min(bounds[i+1], g.options.Days)), now.AddDate(0, 0, -bounds[i])
		window := "LoginTime >= " + stamp(from) + " AND LoginTime < " + stamp(to)
		reads, ends = append(reads, org.Read{Query: strings.ReplaceAll(q.fallback, "{window}", window)}), append(ends, to)
	}
	results, err := g.client.ReadAll(ctx, reads)
	if err != nil {
		return err
	}
	var rows []migrate.Row
	for i, r := range results {
		if r.Err != nil {
			g.refused(q.source, r.Err)
			return fatal(ctx, r.Err)
		}
		for _, row := range rowsOf(r.Rows) {
			row["latest"] = ends[i].Format(time.RFC3339)
			rows = append(rows, row)
		}
	}
	g.read(q.source, merged(rows))
	s := g.states[q.source]
	s.Note = "the org does not tell last logins; they are known to a day, a week or a month"
	g.states[q.source] = s
	return nil
}

// inHalves counts logins in ever shorter times, where an org has more groups than
// it gives at once.
func (g *gatherer) inHalves(ctx context.Context, q query) error {
	type span struct{ from, to time.Time }
	now := g.options.Now.UTC().Truncate(time.Second)
	first := now.AddDate(0, 0, -g.options.Days)
	middle := first.Add(now.Sub(first) / 2)
	open := []span{{first, middle}, {middle, now.Add(time.Hour)}}
	var rows []migrate.Row
	cut := false
	window := "LoginTime = LAST_N_DAYS:" + strconv.Itoa(g.options.Days)
	for len(open) > 0 {
		reads := make([]org.Read, len(open))
		for i, s := range open {
			reads[i] = org.Read{Query: strings.Replace(g.text(q), window, "LoginTime >= "+stamp(s.from)+" AND LoginTime < "+stamp(s.to), 1)}
		}
		results, err := g.client.ReadAll(ctx, reads)
		if err != nil {
			return err
		}
		var next []span
		for i, s := range open {
			var said *org.Error
			half := s.from.Add(s.to.Sub(s.from) / 2)
			switch err := results[i].Err; {
			case err == nil:
				rows = append(rows, rowsOf(results[i].Rows)...)
			case errors.As(err, &said) && tooMany(said) && s.to.Sub(s.from) > time.Hour:
				next = append(next, span{s.from, half}, span{half, s.to})
			case errors.As(err, &said) && tooMany(said):
				cut = true
			default:
				g.refused(q.source, err)
				return fatal(ctx, err)
			}
		}
		open = next
	}
	g.read(q.source, merged(rows))
	if cut {
		g.partly(q.source, "the org has more groups in an hour than it gives")
	}
	return nil
}

// merged adds up rows of one group in several windows. People are not added: who
// logged in twice counts once, so their number is at least that of the largest.
func merged(rows []migrate.Row) []migrate.Row {
	var keys []string
	by := map[string]migrate.Row{}
	for _, r := range rows {
		var k strings.Builder
		for _, c := range []string{"Application", "LoginType", "LoginSubType", "ApiVersion", "LoginUrl"} {
			k.WriteString(r[c] + "\x1f")
		}
		sum := by[k.String()]
		if sum == nil {
			by[k.String()] = r
			keys = append(keys, k.String())
			continue
		}
		for _, c := range []string{"n", "people"} {
			a, _ := strconv.Atoi(sum[c]) // what is none is 0
			b, _ := strconv.Atoi(r[c])
			switch {
			case sum[c] == "" && r[c] == "":
			case c == "n":
				sum[c] = strconv.Itoa(a + b)
			default:
				sum[c] = strconv.Itoa(max(a, b))
			}
		}
		sum["latest"] = max(sum["latest"], r["latest"])
		if sum["latest"] == "" {
			delete(sum, "latest")
		}
	}
	out := make([]migrate.Row, len(keys))
	for i, k := range keys {
		out[i] = by[k]
	}
	return out
}
