package convert

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// A form gives a leaf's value the form that it has in the fields of its row. If
// it has none there, the note says why.
type form func(c *conversion, r *Row, l *leaf) (value, note string, ok bool)

// same is the form of what is copied.
func same(_ *conversion, _ *Row, l *leaf) (value, note string, ok bool) { return l.text(), "", true }

// via carries a value over in a form. An element that an app has once counts
// once: a second one is lost.
func via(f form) carrier {
	return func(c *conversion, r *Row, leaves []*leaf) {
		for i, l := range leaves {
			if i > 0 {
				c.lose(l, r, "it stands there more than once, and the first counts")
				continue
			}
			c.single(r, l, f)
		}
	}
}

func (c *conversion) single(r *Row, l *leaf, f form) {
	text, why := l.text(), c.room(r.To)
	switch {
	case text == "" && r.Absent != "" && why == "":
		value := c.defaultTo(r)
		c.account(l, r, Defaulted, c.said(r.To), value, "it is empty; "+r.Why)
		return
	case text == "":
		c.leaveOut(l, r, "it is empty: nothing is said")
		return
	case why != "" && text == "false":
		c.leaveOut(l, r, why+"; off is what an app without it is")
		return
	case why != "":
		c.lose(l, r, why)
		return
	}
	value, note, ok := f(c, r, l)
	if !ok {
		c.lose(l, r, note)
		return
	}
	to := c.said(r.To)
	for _, field := range to {
		if value, why = c.fit(field, value); why != "" {
			c.lose(l, r, why)
			return
		}
	}
	for _, field := range to {
		c.set(field, value)
	}
	how := r.How
	if value != text {
		how = Transformed
	}
	if left := len(r.To) - len(to); left > 0 && note == "" && c.oauth {
		note = c.room(r.To[len(to):])
	}
	c.account(l, r, how, to, value, note)
}

// fit checks a value against the type of a field.
func (c *conversion) fit(field, value string) (fitting, why string) {
	f := c.fieldTo(field)
	switch {
	case f == nil:
		return value, ""
	case f.Type == "xsd:boolean":
		return truth(value)
	case f.Type == "xsd:int":
		if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < 0 {
			return value, fmt.Sprintf("%q is not a whole number that the field takes", value)
		} else {
			return strconv.FormatInt(n, 10), ""
		}
	case len(c.table.Enums[f.Type]) > 0:
		v := c.table.EnumValue(f.Type, value)
		if v == nil {
			return value, fmt.Sprintf("an External Client App has no value %q here: it takes %s", value, strings.Join(c.table.EnumNames(f.Type, c.target), ", "))
		}
		if !v.Has(c.target) {
			return value, tooNew("the value "+value, v.Span, c.target)
		}
	}
	return value, ""
}

func truth(value string) (fitting, why string) {
	switch strings.ToLower(value) {
	case "true", "1":
		return "true", ""
	case "false", "0":
		return "false", ""
	}
	return value, fmt.Sprintf("%q is neither true nor false", value)
}

// fieldTo finds the field "Type.block.field" of what the app becomes.
func (c *conversion) fieldTo(path string) *metadata.Field {
	parts := strings.Split(path, ".")
	typ := c.table.Type(parts[0])
	var f *metadata.Field
	for _, name := range parts[1:] {
		if typ == nil {
			return nil
		}
		if f = typ.Field(name); f == nil {
			return nil
		}
		typ = c.table.Nested(f)
	}
	return f
}

// Words of both worlds for one thing.
var (
	permittedUsers = map[string]string{"true": "AdminApprovedPreAuthorized", "1": "AdminApprovedPreAuthorized", "false": "AllSelfAuthorized", "0": "AllSelfAuthorized"}
	ipRelaxations  = map[string]string{"ENFORCE": "Enforce", "BYPASS": "Bypass", "BYPASS_2FACTOR": "Bypass_2factor", "ENFORCE_RELAXREFRESH": "Enforce_relaxrefresh"}
	policyActions  = map[string]string{"BLOCK": "Block", "RAISESESSIONLEVEL": "RaiseSessionLevel", "STEPUPMFA": "StepUpMFA"}
	sessionLevels  = map[string]string{"LOW": "LOW", "STANDARD": "STANDARD", "HIGH_ASSURANCE": "HIGH_ASSURANCE"}
)

// words is the form of a value that has another word on the other side.
func words(table map[string]string) form {
	return func(_ *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
		for from, to := range table {
			if strings.EqualFold(from, l.text()) {
				return to, "", true
			}
		}
		return "", fmt.Sprintf("ecactl does not know the value %q: look it up in Setup and set the key in the spec", l.text()), false
	}
}

// leave leaves out every occurrence.
func leave(note string) carrier {
	return func(c *conversion, r *Row, leaves []*leaf) {
		for _, l := range leaves {
			c.leaveOut(l, r, note)
		}
	}
}

func consumerSecret(c *conversion, r *Row, leaves []*leaf) {
	for _, l := range leaves {
		if l.text() != "" {
			c.warn(l, "ECA313", "rotate it, and take it out of this file", "the secret %s of %s is not converted", l.label, c.ca.Name)
		}
	}
	leave("a secret is never carried over: take it out of this file, and rotate it")(c, r, leaves)
}

// lose loses every occurrence that says anything.
func lose(note string) carrier {
	return func(c *conversion, r *Row, leaves []*leaf) {
		for _, l := range leaves {
			if l.text() == "" {
				c.leaveOut(l, r, "it is empty: nothing is said")
				continue
			}
			c.lose(l, r, note)
		}
	}
}

// maxLabel is how long Setup lets a label be.
const maxLabel = 80

func cutLabel(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	if c.options.Label != "" {
		return c.options.Label, "another label was asked for", true
	}
	text := []rune(l.text())
	if len(text) <= maxLabel {
		return l.text(), "", true
	}
	return strings.TrimSpace(string(text[:maxLabel])), fmt.Sprintf("cut off: a label has %d characters at most", maxLabel), true
}

func perOrg(_ *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	return l.text(), "the id of a certificate differs per org: look it up in the org that you deploy to", true
}

func handler(_ *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	return l.text(), "handlers of Connected Apps are reported not to work as they are: try it in a sandbox before you rely on it", true
}

func handlerUser(c *conversion, r *Row, leaves []*leaf) {
	if c.text("plugin") == "" {
		leave("there is no handler that would run as this user")(c, r, leaves)
		return
	}
	via(same)(c, r, leaves)
}

func mutualTLS(_ *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	if l.text() == "true" {
		note = "which name in the client's certificate counts is not in a Connected App's metadata: set oauth.security.tlsClientAuth"
	}
	return l.text(), note, true
}

func encryption(_ *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	if l.text() == "Triple_Des" {
		return "", "Triple DES is no more: agree on AES_256 with the service provider, and set saml.encryption.type and its certificate", false
	}
	return l.text(), "", true
}

func subject(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	if l.text() == "CustomAttribute" && c.text("samlConfig.samlSubjectCustomAttr") == "" && !c.options.LikeSetup {
		return "", "a custom attribute as subject needs its name, and there is none: set saml.subject", false
	}
	return l.text(), "", true
}

// deviceFlow knows on which day the device flow ends for apps that do not call
// the machine itself.
func deviceFlow(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	if l.text() != "true" {
		return l.text(), "", true
	}
	for _, raw := range spec.SplitLines(c.text("oauthConfig.callbackUrl")) {
		if spec.LoopbackCallback(raw) {
			return "true", "", true
		}
	}
	d := metadata.FindDeadline("device-flow")
	over := !c.options.Now.IsZero() && !c.options.Now.Before(d.Day())
	note = fmt.Sprintf("the device flow works with a localhost callback alone from %s: add one, or move the clients to the web server flow with PKCE", d.When())
	return "true", note, !over || c.options.LikeSetup
}

func ipBinding(c *conversion, r *Row, leaves []*leaf) {
	for _, l := range leaves {
		switch on, _ := truth(l.text()); {
		case on == "true":
			c.lose(l, r, "the addresses are not in a Connected App's metadata: copy them from Setup to oauth.security.refreshTokenIpRanges (API 67.0), which switches it on")
			c.warn(l, "ECA711", "copy its addresses from Setup to oauth.security.refreshTokenIpRanges", "%s has an allowlist for refresh tokens, which its metadata does not hold", c.ca.Name)
		default:
			c.leaveOut(l, r, "off: an External Client App without addresses has no allowlist")
		}
	}
}
