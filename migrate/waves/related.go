package waves

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/migrate"
)

// Evidence is a kind of sign that one client uses two apps, or one person keeps
// them.
type Evidence struct {
	ID    string
	Says  string // a sentence, with %s for what the two share
	Crowd int    // shared by more apps than this, it says nothing about any two
	of    func(l *migrate.Ties) []string
}

// Evidences lists them, the surest first: where two apps share several, the first
// is the one that is told.
var Evidences = []Evidence{
	{"certificate", "Both let in a client that signs with the certificate %s.", 20, func(l *migrate.Ties) []string { return l.Certificates }},
	{"run-as-user", "Both run as the user %s.", 20, func(l *migrate.Ties) []string { return l.RunAs }},
	{"callback-host", "Both send users back to %s.", 20, func(l *migrate.Ties) []string { return l.CallbackHosts }},
	{"token-user", "The tokens of both are those of the integration user %s.", 10, func(l *migrate.Ties) []string { return l.TokenUsers }},
	{"contact", "Both have the contact %s.", 5, func(l *migrate.Ties) []string {
		if l.Contact == "" {
			return nil
		}
		return []string{strings.ToLower(l.Contact)}
	}},
}

// tie is one piece of evidence between two apps.
type tie struct {
	a, b     int // indexes of apps
	evidence *Evidence
	value    string
}

// ties finds what apps of one org share. It returns notes about evidence that was
// left aside, because half of the org shares it.
func ties(apps []*migrate.AppReport) (found []tie, notes []string) {
	tied := map[[2]int]bool{}
	for i := range Evidences {
		e := &Evidences[i]
		sharing := map[[2]string][]int{} // by org and value
		for n, a := range apps {
			if a.Ties == nil {
				continue
			}
			for _, v := range e.of(a.Ties) {
				k := [2]string{a.Org, v}
				sharing[k] = append(sharing[k], n)
			}
		}
		keys := make([][2]string, 0, len(sharing))
		for k := range sharing {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		for _, k := range keys {
			list := sharing[k]
			if len(list) > e.Crowd {
				notes = append(notes, fmt.Sprintf("%d apps share the %s %s: more than %d, so it ties none of them together", len(list), strings.ReplaceAll(e.ID, "-", " "), k[1], e.Crowd))
				continue
			}
			for n := 1; n < len(list); n++ { // a chain is enough to keep all of them together
				pair := [2]int{list[n-1], list[n]}
				if pair[0] != pair[1] && !tied[pair] {
					tied[pair] = true
					found = append(found, tie{pair[0], pair[1], e, k[1]})
				}
			}
		}
	}
	return found, notes
}

// clusters are the apps that ties hold together, in the order of their first app.
func clusters(n int, found []tie) [][]int {
	parent := make([]int, n)
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	for _, t := range found {
		a, b := root(t.a), root(t.b)
		parent[max(a, b)] = min(a, b)
	}
	at := map[int]int{}
	var list [][]int
	for i := range n {
		r := root(i)
		if _, ok := at[r]; !ok {
			at[r] = len(list)
			list = append(list, nil)
		}
		list[at[r]] = append(list[at[r]], i)
	}
	return list
}
