package migrate

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// use is who uses an app, and how.
type use struct {
	tokens []tokenUse
	logins []loginUse
	soap   []soapUse
	urls   []string
	people int      // distinct users who logged in, if that was read
	shared []string // other apps with the label by which the org counts logins
}

// tokenUse is a token that a user has given an app.
type tokenUse struct {
	user    string
	uses    int
	used    time.Time
	created time.Time
	active  Flag // whether the user is
}

// loginUse is how often an app logged in by one flow.
type loginUse struct {
	typ, sub string
	count    int
	latest   time.Time
}

// soapUse is how often SOAP login() was called at one API version.
type soapUse struct {
	version string
	count   int
	latest  time.Time
}

// oauth tells logins of OAuth flows: the org writes "Remote Access 2.0",
// "Oauth2, Remote Access 2.0" and the like.
func (l loginUse) oauth() bool { return isOAuthLogin(l.typ) }

func isOAuthLogin(typ string) bool {
	typ = strings.ToLower(typ)
	return strings.Contains(typ, "remote access") || strings.HasPrefix(typ, "oauth")
}

// lastUsed is the latest sign of use, or the zero time.
func (u *use) lastUsed() time.Time {
	var last time.Time
	for _, t := range u.tokens {
		if t.used.After(last) {
			last = t.used
		}
	}
	for _, l := range u.logins {
		if l.latest.After(last) {
			last = l.latest
		}
	}
	return last
}

func (u *use) users() int {
	seen := map[string]bool{}
	for _, t := range u.tokens {
		seen[t.user] = true
	}
	return max(len(seen), u.people)
}

func (u *use) loginCount() int {
	n := 0
	for _, l := range u.logins {
		n += l.count
	}
	return n
}

// bySub sums the logins of some subtypes.
func (u *use) bySub(subs ...string) loginUse {
	sum := loginUse{}
	for _, l := range u.logins {
		if slices.ContainsFunc(subs, func(s string) bool { return strings.EqualFold(s, l.sub) }) {
			sum.sub = l.sub
			sum.count += l.count
			if l.latest.After(sum.latest) {
				sum.latest = l.latest
			}
		}
	}
	return sum
}

// An intensity says how much an app is used; it turns the level of findings that
// say that something will stop.
type intensity int8

const (
	useUnknown intensity = iota
	useActive            // within Limits.ActiveDays
	useQuiet             // before that, within Limits.UnusedDays
	useDormant           // not within Limits.UnusedDays
)

func (i intensity) String() string {
	return [...]string{"unknown", "active", "quiet", "dormant"}[i]
}

// intensity weighs what was seen. No use seen is only a sign where both tokens
// and logins were read, and far enough back.
func (q *question) intensity() intensity {
	inv := q.inventory
	if inv.evidence == nil {
		return useUnknown
	}
	last := q.use.lastUsed()
	age := q.now.Sub(last)
	complete := inv.read(SrcTokens) && inv.read(SrcLogins) && inv.evidence.Org.Days >= inv.Limits.UnusedDays
	switch {
	case !last.IsZero() && age <= days(inv.Limits.ActiveDays):
		return useActive
	case !last.IsZero() && age <= days(inv.Limits.UnusedDays):
		return useQuiet
	case !last.IsZero() && complete:
		return useDormant
	case !complete || len(q.use.shared) > 0 || q.server():
		return useUnknown
	case q.parts != nil && !q.oauth():
		return useUnknown // SAML to a service and links leave neither a token nor a login of the app's
	case q.Label == "" || q.parts == nil && !inv.read(SrcRetrieve):
		return useUnknown // use is counted by label, and servers need no token
	}
	return useDormant
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// server tells apps whose clients log in without a person: they may have no
// tokens, so that no sign of use proves less.
func (a *App) server() bool {
	return a.text("certificate") != "" || a.flag("clientCredentials") == On || a.flag("clientPolicy") == On
}

// number reads a count of a row; what is none is 0.
func number(s string) int {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return int(n)
}

// moment reads a time as orgs write it; what is none is the zero time.
func moment(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
