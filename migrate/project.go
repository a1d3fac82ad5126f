package migrate

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// ProjectFile is the file in which a project says what it wants otherwise.
const ProjectFile = "ecactl.yaml"

// expiryWarning is how long before its end an ignore is remarked upon.
const expiryWarning = 14 * 24 * time.Hour

// limitKeys are the keys of audit.thresholds.
func limitKeys(l *Limits) map[string]*int {
	return map[string]*int{
		"unusedDays": &l.UnusedDays, "activeDays": &l.ActiveDays, "certificateDays": &l.CertificateDays, "certificateErrorDays": &l.CertificateErrorDays,
		"scopes": &l.Scopes, "users": &l.Users, "changedDays": &l.ChangedDays, "neverUsedDays": &l.NeverUsedDays,
	}
}

// ReadPolicy reads a project's settings. An ignore that has expired no longer
// suppresses anything, and is a warning; so is one that is about to.
func ReadPolicy(file string, src []byte, now time.Time) (*Policy, diag.Problems) {
	root, problems := spec.ReadTree(file, src)
	if root == nil {
		return nil, problems
	}
	r := &policyReader{now: now, policy: &Policy{Levels: map[string]diag.Level{}, Off: map[string]bool{}, Source: file}}
	for key, value := range r.keys(root, "audit") {
		_ = key // there is but one
		r.audit(value)
	}
	return r.policy, r.problems.Sort()
}

type policyReader struct {
	now      time.Time
	policy   *Policy
	problems diag.Problems
}

func (r *policyReader) fail(t *spec.Tree, code, hint, format string, args ...any) {
	r.problems = append(r.problems, t.Problem(code, fmt.Sprintf(format, args...), hint))
}

// keys iterates over the entries of a mapping that has no others than these.
func (r *policyReader) keys(t *spec.Tree, known ...string) func(yield func(string, *spec.Tree) bool) {
	return func(yield func(string, *spec.Tree) bool) {
		if t.Keys == nil && !t.Null {
			r.fail(t, "ECA611", "", "has to be a mapping (%s)", strings.Join(known, ", "))
			return
		}
		for _, e := range t.Keys {
			if !slices.Contains(known, e.Key) {
				at := &spec.Tree{Pos: e.Pos}
				hint := diag.DidYouMean(e.Key, known)
				if hint == "" {
					hint = "it may be " + strings.Join(known, ", ")
				}
				r.fail(at, "ECA611", hint, "unknown key %q", e.Key)
				continue
			}
			if !yield(e.Key, e.Value) {
				return
			}
		}
	}
}

func (r *policyReader) audit(t *spec.Tree) {
	for key, value := range r.keys(t, "thresholds", "levels", "ignore") {
		switch key {
		case "thresholds":
			r.thresholds(value)
		case "levels":
			r.levels(value)
		case "ignore":
			r.policy.Ignore = append(r.policy.Ignore, r.ignores(value)...)
		}
	}
}

func (r *policyReader) thresholds(t *spec.Tree) {
	limits := limitKeys(&r.policy.Limits)
	var names []string
	for name := range limits {
		names = append(names, name)
	}
	slices.Sort(names)
	for key, value := range r.keys(t, names...) {
		n, err := strconv.Atoi(value.Text)
		if err != nil || n < 1 || n > 3650 {
			r.fail(value, "ECA612", "", "%s has to be a number from 1 to 3650", key)
			continue
		}
		*limits[key] = n
	}
}

func (r *policyReader) levels(t *spec.Tree) {
	var ids []string
	for _, rule := range Rules {
		ids = append(ids, rule.ID)
	}
	for id, value := range r.keys(t, ids...) {
		if value.Text == "off" || value.Text == "false" { // YAML 1.1 readers take off for false
			r.policy.Off[id] = true
			continue
		}
		level, err := diag.ParseLevel(value.Text)
		if err != nil {
			r.fail(value, "ECA612", "error, warning, note or off", "%q is no level", value.Text)
			continue
		}
		r.policy.Levels[id] = level
	}
}

// ReadIgnores reads a list of ignores that stands in another file, such as that of
// a fleet.
func ReadIgnores(t *spec.Tree, now time.Time) ([]Ignore, diag.Problems) {
	r := &policyReader{now: now, policy: &Policy{}}
	return r.ignores(t), r.problems
}

func (r *policyReader) ignores(t *spec.Tree) []Ignore {
	if t.Items == nil && !t.Null {
		r.fail(t, "ECA611", "", "has to be a list")
		return nil
	}
	var list []Ignore
	for _, item := range t.Items {
		if i, ok := r.ignore(item); ok {
			list = append(list, i)
		}
	}
	return list
}

func (r *policyReader) ignore(t *spec.Tree) (i Ignore, ok bool) {
	before := len(r.problems)
	for key, value := range r.keys(t, "rule", "app", "org", "reason", "expires") {
		switch key {
		case "rule":
			i.Rule = r.pattern(value)
			if i.Rule != "" && !slices.ContainsFunc(Rules, func(rule Rule) bool { return matches(i.Rule, rule.ID) }) && !matches(i.Rule, Unreadable.ID) {
				var ids []string
				for _, rule := range Rules {
					ids = append(ids, rule.ID)
				}
				r.fail(value, "ECA612", diag.DidYouMean(i.Rule, ids), "there is no rule %s", i.Rule)
			}
		case "app":
			i.App = r.pattern(value)
		case "org":
			i.Org = r.pattern(value)
		case "reason":
			i.Reason = strings.TrimSpace(value.Text)
		case "expires":
			day, err := time.Parse(time.DateOnly, value.Text)
			if err != nil {
				r.fail(value, "ECA612", "", "%q is no day (YYYY-MM-DD)", value.Text)
			}
			i.Expires = day
		}
	}
	if i.Rule == "" && len(r.problems) == before {
		r.fail(t, "ECA613", "name the rule:  rule: CA-SEC-001", "an ignore without a rule")
	}
	if i.Reason == "" && len(r.problems) == before {
		r.fail(t, "ECA613", "say why:  reason: …", "an ignore without a reason")
	}
	if len(r.problems) > before {
		return i, false
	}
	return i, r.stillHolds(t, i)
}

// stillHolds remarks on an ignore that has expired, or is about to.
func (r *policyReader) stillHolds(t *spec.Tree, i Ignore) bool {
	if i.Expires.IsZero() {
		return true
	}
	left := i.Expires.AddDate(0, 0, 1).Sub(r.now) // the day itself counts
	warn := func(format string, args ...any) {
		p := t.Problem("ECA614", fmt.Sprintf(format, args...), "look at it again, and give it a new day or take it out")
		p.Level = diag.Warning
		r.problems = append(r.problems, p)
	}
	switch {
	case left <= 0:
		warn("the ignore of %s expired on %s", i.Rule, i.Expires.Format(time.DateOnly))
		return false
	case left <= expiryWarning:
		warn("the ignore of %s expires on %s", i.Rule, i.Expires.Format(time.DateOnly))
	}
	return true
}

// pattern is a name that may have wildcards.
func (r *policyReader) pattern(t *spec.Tree) string {
	if _, err := path.Match(t.Text, ""); err != nil || t.Keys != nil || t.Items != nil {
		r.fail(t, "ECA612", "", "%q is no name or pattern", t.Text)
		return ""
	}
	return t.Text
}

// Codes documents the problems of snapshots, reports and settings.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA601", Title: "a folder that is no snapshot", Why: "A snapshot replaces what is in its folder, and the folder holds something else.", Fix: "name a new folder"},
		{Code: "ECA602", Title: "a snapshot that cannot be read", Why: "snapshot.json is missing, cut off, or of another version.", Fix: "make it again: ecactl audit --target-org ORG --snapshot DIR"},
		{Code: "ECA603", Title: "a report that cannot be read", Why: "The file is not what ecactl audit -o json writes.", Fix: "make it again: ecactl audit -o json=FILE"},
		{Code: "ECA611", Title: "unknown key in a project's settings", Why: "A mistyped key would be passed over in silence.", Fix: "correct the key", Bad: "audit:\n  treshold: {}", Good: "audit:\n  thresholds: {}"},
		{Code: "ECA612", Title: "value that a setting does not have", Why: "The value is of another kind, or names what is not there.", Fix: "correct the value", Bad: "audit:\n  levels: {CA-SEC-001: fatal}", Good: "audit:\n  levels: {CA-SEC-001: error}"},
		{Code: "ECA613", Title: "ignore without rule or reason", Why: "Who reads it in a year has to know why it is there.", Fix: "add them", Bad: "audit:\n  ignore:\n    - rule: CA-SEC-001", Good: "audit:\n  ignore:\n    - {rule: CA-SEC-001, reason: an internal app}"},
		{Code: "ECA614", Level: diag.Warning, Title: "ignore that has expired, or soon will", Why: "From that day on the findings are back.", Fix: "look at it again"},
		{Code: "ECA621", Title: "fleet that cannot be read", Why: "A key is unknown, an org has no name, or a login is not complete.", Fix: "correct the file", Bad: "orgs:\n  - {username: ci@example.com}", Good: "orgs:\n  - {alias: uat}"},
		{Code: "ECA622", Title: "shard that there is not", Why: "Shards are numbered from 1.", Fix: "--shard 3/8 is the third of eight"},
	}
}
