package gather

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
)

// What a query of tokens gives. From the object reference of OauthToken: pages of
// 500 rows, and after 2,500 the end, without a word.
const (
	tokenPage = 500
	tokenMost = 2500
	idsPerIn  = 300 // ids in one IN: an address of more than 16 KB is refused
)

// tokenColumns leave out AccessToken, DeleteToken and RequestToken, which can be
// selected.
const tokenColumns = "AppName, AppMenuItem.ApplicationId, UserId, User.IsActive, UseCount, LastUsedDate, CreatedDate"

var tokenOptional = []string{"User.IsActive", "AppMenuItem.ApplicationId", "UseCount"}

// countedTokens takes how many tokens there are, and of which apps.
func (g *gatherer) countedTokens(total, grouped org.ReadResult) {
	g.tokens, g.tokenErr = total.Size, total.Err
	g.byApp = groupsOf(grouped, "AppName", g.tokens)
}

// groupsOf reads how many tokens each value of a column has. Values that differ in
// case alone are one: a filter by either finds both. It is nil if the org does not
// group, or if the groups were cut off and do not add up to the total.
func groupsOf(r org.ReadResult, column string, total int) map[string]int {
	if r.Err != nil {
		return nil
	}
	counts, spelled, sum := map[string]int{}, map[string]string{}, 0
	for _, row := range r.Rows {
		value := row.Text(column)
		folded := strings.ToLower(value)
		if column == "UserId" {
			folded = value // ids are told apart by case
		}
		if _, ok := spelled[folded]; !ok {
			spelled[folded] = value
		}
		counts[spelled[folded]] += row.Int("n")
		sum += row.Int("n")
	}
	if sum != total {
		return nil
	}
	return counts
}

// A part is a set of tokens that one query reads whole. Parts have no token in
// common, and all of them have all tokens.
type part struct {
	where string
	n     int
}

// readTokens reads every token: parts of at most a page, five to a call.
func (g *gatherer) readTokens(ctx context.Context) error {
	if g.tokenErr != nil {
		g.refused(migrate.SrcTokens, g.tokenErr)
		return nil
	}
	if g.tokens == 0 {
		g.read(migrate.SrcTokens, nil)
		return nil
	}
	parts, short, err := g.tokenParts(ctx)
	if err != nil {
		return err
	}
	q := query{source: migrate.SrcTokens, optional: tokenOptional}
	columns := tokenColumns
	var rows []migrate.Row
	for {
		reads := make([]org.Read, len(parts))
		for i, p := range parts {
			reads[i] = org.Read{Query: strings.TrimSpace("SELECT " + columns + " FROM OauthToken " + p.where)}
		}
		results, err := g.client.ReadAll(ctx, reads)
		if err != nil {
			return err
		}
		rows = nil
		var failed error
		for _, r := range results {
			if err := fatal(ctx, r.Err); err != nil {
				return err
			}
			if r.Err != nil {
				failed = r.Err
				break
			}
			rows = append(rows, rowsOf(r.Rows)...)
		}
		if failed == nil {
			break
		}
		q.soql = "SELECT " + columns + " FROM OauthToken"
		next, column := without(q, failed)
		if column == "" {
			g.refused(migrate.SrcTokens, failed)
			return nil
		}
		q = next
		columns, _, _ = strings.Cut(strings.TrimPrefix(q.soql, "SELECT "), " FROM ")
	}
	slices.SortStableFunc(rows, compareTokens)
	g.read(migrate.SrcTokens, rows)
	if short || len(rows) < g.tokens {
		g.partly(migrate.SrcTokens, fmt.Sprintf("%d of %s were read", len(rows), migrate.Plural(g.tokens, "token")))
	}
	return nil
}

func compareTokens(a, b migrate.Row) int {
	for _, k := range []string{"AppName", "UserId", "CreatedDate", "LastUsedDate"} {
		if c := strings.Compare(a[k], b[k]); c != 0 {
			return c
		}
	}
	return 0
}

// tokenParts divides the tokens by app, and those of an app with more than a page
// by user, so that pages do not wait for each other. What an org does not group,
// or what is still too many, is divided by time. short tells that some part is
// more than one query gives.
func (g *gatherer) tokenParts(ctx context.Context) (parts []part, short bool, err error) {
	if g.byApp == nil {
		return g.whole(ctx, "", g.tokens)
	}
	parts, large := pack("AppName", "", g.byApp)
	reads := make([]org.Read, len(large))
	filters := make([]string, len(large))
	for i, app := range large {
		filters[i] = "WHERE " + is("AppName", app)
		reads[i] = org.Read{Query: "SELECT UserId, COUNT(UserId) n FROM OauthToken " + filters[i] + " GROUP BY UserId"}
	}
	results, err := g.client.ReadAll(ctx, reads)
	if err != nil {
		return nil, false, err
	}
	for i, app := range large {
		n := g.byApp[app]
		byUser := groupsOf(results[i], "UserId", n)
		own, more := pack("UserId", filters[i], byUser)
		switch {
		case byUser == nil:
			more, byUser = []string{""}, map[string]int{"": n}
		default:
			parts = append(parts, own...)
		}
		for _, user := range more {
			filter := filters[i]
			if user != "" {
				filter += " AND " + is("UserId", user)
			}
			rest, cut, err := g.whole(ctx, filter, byUser[user])
			if err != nil {
				return nil, false, err
			}
			parts, short = append(parts, rest...), short || cut
		}
	}
	return parts, short, nil
}

// whole is a set in one query, if that gives it whole, and else by time.
func (g *gatherer) whole(ctx context.Context, filter string, n int) ([]part, bool, error) {
	if n <= tokenMost {
		return []part{{filter, n}}, false, nil
	}
	return g.byTime(ctx, filter)
}

func is(column, value string) string {
	if value == "" {
		return column + " = null"
	}
	return column + " = " + org.Quote(value)
}

// pack puts values together into parts of at most a page, the largest first; a
// value with more is left to the caller.
func pack(column, filter string, counts map[string]int) (parts []part, large []string) {
	values := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	word := "WHERE "
	if filter != "" {
		word = filter + " AND "
	}
	type bin struct {
		quoted []string
		n      int
	}
	var bins []*bin
	for _, v := range values {
		n := counts[v]
		switch {
		case n > tokenPage:
			large = append(large, v)
			continue
		case v == "":
			parts = append(parts, part{word + is(column, v), n})
			continue
		}
		i := slices.IndexFunc(bins, func(b *bin) bool { return b.n+n <= tokenPage && len(b.quoted) < idsPerIn })
		if i < 0 {
			bins = append(bins, &bin{})
			i = len(bins) - 1
		}
		bins[i].quoted, bins[i].n = append(bins[i].quoted, org.Quote(v)), bins[i].n+n
	}
	for _, b := range bins {
		slices.Sort(b.quoted)
		parts = append(parts, part{word + column + " IN (" + strings.Join(b.quoted, ", ") + ")", b.n})
	}
	return parts, large
}

// beginning is before any token: OAuth came to Salesforce in 2009.
var beginning = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)

// byTime halves the time until every part is what one query gives. The halves are
// half open, so that no token is in two of them and none between them, however
// many were made at one moment.
func (g *gatherer) byTime(ctx context.Context, filter string) (parts []part, short bool, err error) {
	type span struct{ from, to time.Time }
	open := []span{{beginning, g.client.OrgTime(g.options.Now).UTC().Truncate(time.Second).AddDate(0, 0, 2)}}
	for len(open) > 0 {
		reads := make([]org.Read, len(open))
		for i, s := range open {
			reads[i] = org.Read{Query: countTokens + " " + within(filter, s.from, s.to)}
		}
		results, err := g.client.ReadAll(ctx, reads)
		if err != nil {
			return nil, false, err
		}
		var next []span
		for i, s := range open {
			n := results[i].Size
			if err := results[i].Err; err != nil {
				return nil, false, err
			}
			middle := s.from.Add(s.to.Sub(s.from) / 2).Truncate(time.Second)
			switch {
			case n == 0:
			case n <= tokenMost:
				parts = append(parts, part{within(filter, s.from, s.to), n})
			case !middle.After(s.from):
				parts, short = append(parts, part{within(filter, s.from, s.to), n}), true
			default:
				next = append(next, span{s.from, middle}, span{middle, s.to})
			}
		}
		open = next
	}
	return parts, short, nil
}

// within adds a span of time to a filter.
func within(filter string, from, to time.Time) string {
	word := "WHERE "
	if filter != "" {
		word = filter + " AND "
	}
	return word + "CreatedDate >= " + stamp(from) + " AND CreatedDate < " + stamp(to)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
