package verify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Options say what is verified and with what. Built, Actual, Session, Endpoint
// and ClientID are required; for each other one that is missing there are checks
// that are skipped.
type Options struct {
	Built    *spec.Built
	Actual   *plan.Actual // what the org has of the app
	Session  org.Session  // of whoever verifies; its instance is the org's
	Endpoint *login.Endpoint
	Site     *login.Endpoint // of the code and credentials flow; default Endpoint
	System   login.System

	ClientID  string
	Secret    secret.String
	SecretWhy string // why there is none
	Staged    bool   // the pair is the one that waits to be promoted

	Username string        // who logs in by JWT, and by name and password
	Password secret.String // of Username
	KeyFile  string        // of the JWT bearer flow
	Audience string        // of its assertion; default that of the org

	RefusedUser     string // somebody whom the app has to refuse
	RefusedPassword secret.String

	SubjectToken secret.String // of the identity provider, for the token exchange
	SubjectType  string        // default urn:ietf:params:oauth:token-type:access_token
	Handler      string        // API name of the token exchange handler; "" is the default one

	// Ask has a person log in on a page, and returns what the app's callback was
	// told. nil where nobody is there.
	Ask      func(ctx context.Context, page, callback, state, why string) (url.Values, error)
	Callback string // which of the app's callbacks is used; default one on this machine, else the first

	Learned  func(secret.String) // is told of every secret as it comes
	Progress func(what string)
}

// run is one app being verified.
type run struct {
	Options
	want *wanted
	app  *App
	held []held
	lost int   // answers of the token endpoint that did not arrive
	ways []way // logins that worked
}

// Run verifies an app. The error is of what ended it early; what was found until
// then comes with it, and the tokens are revoked all the same.
func Run(ctx context.Context, o Options) (app *App, err error) {
	r := &run{Options: o, app: &App{Name: o.Built.Spec.Name, File: o.Built.Spec.File, Staged: o.Staged, Checks: []Check{}, Left: []string{}}}
	if r.Site == nil {
		r.Site = r.Endpoint
	}
	if r.Learned == nil {
		r.Learned = func(secret.String) {}
	}
	if r.Progress == nil {
		r.Progress = func(string) {}
	}
	if r.System.Now == nil {
		r.System.Now = time.Now //nolint:forbidigo // where none is injected
	}
	if r.KeyFile != "" { // a mistake in what was given is no mistake of the app
		if _, err := (login.Claim{}).Sign(r.KeyFile); err != nil {
			return nil, err
		}
	}
	r.want = &wanted{o.Built.Components(), ofApp(o.Actual, o.Built.Spec.Name)}
	defer func() { r.giveBack(ctx) }()
	steps := []struct {
		flow string
		do   func(context.Context) error
	}{
		{flowSettings, r.settings}, {flowCode, r.code}, {flowClient, r.client}, {flowJWT, r.jwt}, {flowUser, r.user},
		{flowExchange, r.exchange}, {flowDevice, r.device}, {flowIntrospection, r.introspection}, {flowRevocation, r.revocation},
	}
	for _, s := range steps {
		if ctx.Err() != nil {
			return r.app, context.Cause(ctx)
		}
		r.Progress(r.app.Name + ": " + s.flow)
		if err := s.do(ctx); err != nil {
			return r.app, err
		}
	}
	return r.app, nil
}

func (r *run) add(id string, state State, found string) *Check {
	k := kindOf(id)
	r.app.Checks = append(r.app.Checks, Check{ID: id, Flow: k.Flow, Title: k.Title, State: state, Found: found})
	return &r.app.Checks[len(r.app.Checks)-1]
}

func (r *run) pass(id, format string, args ...any) { r.add(id, Passed, fmt.Sprintf(format, args...)) }

func (r *run) skip(id, format string, args ...any) { r.add(id, Skipped, fmt.Sprintf(format, args...)) }

// fail notes a check that does not hold, with what an error means, if one led
// here.
func (r *run) fail(id string, err error, format string, args ...any) {
	found := fmt.Sprintf(format, args...)
	if err != nil {
		found = strings.TrimPrefix(found+": "+said(err), ": ")
	}
	c := r.add(id, Failed, found)
	c.Do = mend
	var refusal *org.Error
	if !errors.As(err, &refusal) {
		return
	}
	where := "api"
	if asked[refusal.Op] {
		where = "token"
	}
	if a := org.Advise(where, refusal.Code+": "+refusal.Message); a != nil {
		c.Means, c.Do, c.Advice = a.Means, a.Do, a.ID
	}
}

// mend is what helps where the org is not as the spec says.
var mend = []string{"see what differs: ecactl plan SPEC", "put the spec's values into the org: ecactl deploy SPEC"}

// asked are the operations whose refusals are those of the OAuth endpoints.
var asked = map[string]bool{"token": true, "authorize": true, "introspect": true, "revoke": true}

// said is an error as the org said it.
func said(err error) string {
	var refusal *org.Error
	if errors.As(err, &refusal) {
		return strings.TrimSuffix(refusal.Code+": "+refusal.Message, ": ")
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// beside are refusals that say nothing about what was tried: they would have
// come whatever was sent.
var beside = []string{"invalid_client_id", "rate_limit_exceeded", "inactive_user", "inactive_org", "unsupported_grant_type", "OAUTH_APP_BLOCKED"}

// mustBeRefused judges an answer that has to be a refusal: whether it is one,
// and one for what was tried.
func (r *run) mustBeRefused(id string, err error, otherwise string) {
	var refusal *org.Error
	switch {
	case err == nil:
		r.fail(id, nil, "%s", otherwise)
	case !errors.As(err, &refusal) || strings.HasPrefix(refusal.Code, "HTTP_"):
		r.skip(id, "the org gave no answer that could be read: %s", said(err))
	case slices.Contains(beside, refusal.Code):
		r.skip(id, "it is refused for something else: %s", said(err))
	default:
		r.pass(id, "%s", said(err))
	}
}

// mustBeOff judges the answer to a flow that the spec does not enable.
func (r *run) mustBeOff(id string, err error) {
	var refusal *org.Error
	switch {
	case err == nil:
		r.fail(id, nil, "it works")
	case !errors.As(err, &refusal) || strings.HasPrefix(refusal.Code, "HTTP_") || refusal.Code == "invalid_client_id":
		r.skip(id, "it could not be tried: %s", said(err))
	default:
		r.pass(id, "%s", said(err))
	}
}

// login judges a login: it has to work at the org's own address, with the
// scopes and as the user that are wanted. prefix is of the checks. It returns
// who is logged in, "" if the org does not say.
func (r *run) login(ctx context.Context, prefix string, t *login.Tokens, refreshes bool, user string) string {
	r.atInstance(ctx, prefix+".instance-url", t)
	r.checkScopes(prefix+".scopes", t.Scopes, refreshes)
	who, err := r.whoIs(ctx, t.Access)
	if slices.ContainsFunc(kinds, func(k Kind) bool { return k.ID == prefix+".user" }) {
		id := prefix + ".user"
		switch {
		case err != nil:
			r.skip(id, "the org does not say who is logged in: %s", said(err))
		case user == "":
			r.skip(id, "the spec does not say who it has to be; it is %s", who)
		case !strings.EqualFold(user, who):
			r.fail(id, nil, "it is %s, and has to be %s", who, user)
		default:
			r.pass(id, "%s", who)
		}
	}
	return who
}

// atInstance follows instance_url: it has to be the org's, and take the token.
func (r *run) atInstance(ctx context.Context, id string, t *login.Tokens) {
	u, err := org.CheckURL(t.InstanceURL)
	if err != nil {
		r.fail(id, nil, "%v", err)
		return
	}
	own, err := org.CheckURL(r.Session.InstanceURL)
	if err == nil && u.String() != own.String() {
		r.fail(id, nil, "the answer names %s, and the org is at %s", u, own)
		return
	}
	switch err := r.use(ctx, t.InstanceURL, t.Access); {
	case errors.Is(err, errNoUse):
		r.skip(id, "%s, and %v", u, err)
	case err != nil:
		r.fail(id, err, "%s does not take the token", u)
	default:
		r.pass(id, "%s", u)
	}
}

// client for a token; it asks once.
func (r *run) clientFor(instance string, token secret.String) (*org.Client, error) {
	return org.New(org.Config{Session: org.Session{InstanceURL: instance, Token: token}, HTTP: r.System.HTTP, Sleep: r.System.Sleep, Timeout: answerWait})
}

// errNoUse is a token with which nothing can be tried that this package knows.
var errNoUse = errors.New("none of the scopes lets the token be tried: api, full, id or openid would")

// use does something with a token that its scopes allow.
func (r *run) use(ctx context.Context, instance string, token secret.String) error {
	c, err := r.clientFor(instance, token)
	if err != nil {
		return err
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(r.want.scopes(), func(s string) bool { return slices.Contains(names, s) })
	}
	switch {
	case has("api", "full"):
		return c.Do(ctx, "GET", "", nil, nil)
	case has("id", "openid"):
		_, err = c.User(ctx)
		return err
	}
	return errNoUse
}

func (r *run) whoIs(ctx context.Context, token secret.String) (string, error) {
	c, err := r.clientFor(r.Session.InstanceURL, token)
	if err != nil {
		return "", err
	}
	u, err := c.User(ctx)
	return u.Username, err
}

// checkScopes compares what was granted with what is wanted. A flow without
// refresh tokens has no use for the scope of them.
func (r *run) checkScopes(id string, granted []string, refreshes bool) {
	want, got := r.want.scopes(), canonical(granted)
	got = slices.DeleteFunc(got, func(s string) bool { return slices.Contains(r.want.custom(), s) })
	if !refreshes {
		want, got = without(want, "refresh_token"), without(got, "refresh_token")
	}
	if slices.Contains(want, "full") { // it stands for others, which an org lists or not
		got = slices.DeleteFunc(got, func(s string) bool { return !slices.Contains(want, s) && s != "refresh_token" })
	}
	var more, less []string
	for _, s := range got {
		if !slices.Contains(want, s) {
			more = append(more, s)
		}
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			less = append(less, s)
		}
	}
	switch {
	case len(more) > 0 && len(less) > 0:
		r.fail(id, nil, "granted beside the spec: %s; missing: %s", strings.Join(more, " "), strings.Join(less, " "))
	case len(more) > 0:
		r.fail(id, nil, "granted beside the spec: %s", strings.Join(more, " "))
	case len(less) > 0:
		r.fail(id, nil, "missing: %s", strings.Join(less, " "))
	default:
		r.pass(id, "%s", strings.Join(got, " "))
	}
}

func without(list []string, leave string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == leave })
}

// form is a request with the app's key, and its secret if the flow needs one.
func (r *run) form(needsSecret bool, pairs ...string) url.Values {
	f := url.Values{"client_id": {r.ClientID}}
	if needsSecret && !r.Secret.IsZero() {
		f.Set("client_secret", r.Secret.Reveal())
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// noSecret says why a check that needs the secret is skipped.
func (r *run) noSecret() string {
	if r.SecretWhy != "" {
		return "the consumer secret is not known: " + r.SecretWhy
	}
	return "the consumer secret is not known"
}
