package verify

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// errNobody is a login for which a person is needed, where there is none.
var errNobody = errors.New("the org asks for a login, and nobody can be asked: run it at a terminal")

// callback is the address that the org sends the browser to.
func (r *run) callback() string {
	if r.Callback != "" {
		return r.Callback
	}
	all := r.want.callbacks()
	if local, ok := login.LocalCallback(all); ok {
		return local.String()
	}
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

// authorize gets a code: by itself if the org lets it, else with a person. A
// refusal is an error of the org.
func (r *run) authorize(ctx context.Context, challenge, why string, more ...string) (secret.String, error) {
	if ctx.Err() != nil {
		return secret.String{}, context.Cause(ctx)
	}
	state := rand.Text()
	query := url.Values{"response_type": {"code"}, "client_id": {r.ClientID}, "redirect_uri": {r.callback()}, "state": {state}}
	if challenge != "" {
		query.Set("code_challenge", challenge)
		query.Set("code_challenge_method", "S256")
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	values, err := r.Endpoint.Authorize(ctx, query)
	if err == nil && values == nil {
		if r.Ask == nil {
			return secret.String{}, errNobody
		}
		values, err = r.Ask(ctx, r.Endpoint.AuthorizeURL(query), r.callback(), state, why)
	}
	if ctx.Err() != nil {
		return secret.String{}, context.Cause(ctx)
	}
	switch {
	case err != nil:
		return secret.String{}, err
	case values.Get("state") != state:
		return secret.String{}, errors.New("what came back belongs to another login")
	case values.Get("code") == "":
		return secret.String{}, errors.New("what came back has no code")
	}
	code := secret.New(values.Get("code"))
	r.Learned(code)
	return code, nil
}

// redeem exchanges a code.
func (r *run) redeem(ctx context.Context, withSecret bool, code, verifier secret.String) (*login.Tokens, error) {
	return r.ask(ctx, r.Endpoint, flowCode, r.form(withSecret,
		"grant_type", "authorization_code", "code", code.Reveal(), "redirect_uri", r.callback(), "code_verifier", verifier.Reveal()))
}

// web is a whole login by the authorization code flow.
func (r *run) web(ctx context.Context, why string, more ...string) (*login.Tokens, error) {
	pkce := login.NewPKCE()
	code, err := r.authorize(ctx, pkce.Challenge, why, more...)
	if err != nil {
		return nil, err
	}
	return r.redeem(ctx, r.want.secretForWeb(), code, pkce.Verifier)
}

// skipAll skips checks that depend on something that is not there.
func (r *run) skipAll(why string, ids ...string) {
	for _, id := range ids {
		r.skip(id, "%s", why)
	}
}

// codeFlow are the checks after a login, in the order in which they are made.
func (r *run) codeFlow() []string {
	ids := []string{"code.login", "code.instance-url", "code.scopes", "code.wrong-verifier"}
	if r.want.secretForWeb() {
		ids = append(ids, "code.without-secret")
	}
	if r.want.approved() {
		ids = append(ids, "code.refused-user")
	}
	return append(ids, r.refreshFlow()...)
}

func (r *run) code(ctx context.Context) error {
	if r.callback() == "" {
		r.skipAll("the app has no callback URL", r.codeFlow()...)
		return nil
	}
	if r.want.pkce() {
		switch _, err := r.authorize(ctx, "", "It has to be refused at once, before a login."); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errNobody):
			r.skip("code.without-pkce", "the org asks for a login first, where one that requires PKCE refuses at once; a person has to go on: run it at a terminal")
		default:
			r.mustBeRefused("code.without-pkce", err, "a code was handed out")
		}
	}
	if r.want.secretForWeb() && r.Secret.IsZero() {
		r.skipAll(r.noSecret(), without(r.codeFlow(), "code.without-secret")...)
		return r.codeWithoutSecret(ctx) // for which none is needed
	}
	t, err := r.web(ctx, "Log in as a user who may use the app.")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNobody):
		r.skipAll(err.Error(), r.codeFlow()...)
		return nil
	case err != nil:
		r.fail("code.login", err, "")
		r.skipAll("the login did not work", r.codeFlow()[1:]...)
		return nil
	}
	who, err := r.whoIs(ctx, t.Access)
	if err != nil {
		r.pass("code.login", "%s", r.callback())
	} else {
		r.pass("code.login", "%s, by %s", who, r.callback())
	}
	r.login(ctx, "code", t, true, "")
	again := func(ctx context.Context) (*login.Tokens, error) { return r.web(ctx, "Log in once more.") }
	r.ways = append(r.ways, way{again, who, !t.Refresh.IsZero()})
	for _, step := range []func(context.Context) error{
		r.wrongVerifier, r.codeWithoutSecret, r.codeRefusedUser, func(ctx context.Context) error { return r.refresh(ctx, t) },
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) wrongVerifier(ctx context.Context) error {
	code, err := r.authorize(ctx, login.NewPKCE().Challenge, "Log in once more: the code will be tried with another verifier.")
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.skip("code.wrong-verifier", "no second code came: %s", said(err))
		return nil
	}
	_, err = r.redeem(ctx, r.want.secretForWeb(), code, login.NewPKCE().Verifier)
	r.mustBeRefused("code.wrong-verifier", err, "the code was taken")
	return ctx.Err()
}

func (r *run) codeWithoutSecret(ctx context.Context) error {
	if !r.want.secretForWeb() {
		return nil
	}
	pkce := login.NewPKCE()
	code, err := r.authorize(ctx, pkce.Challenge, "Log in as a user who may use the app: the code will be tried without the secret.")
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.skip("code.without-secret", "no further code came: %s", said(err))
		return nil
	}
	_, err = r.redeem(ctx, false, code, pkce.Verifier)
	r.mustBeRefused("code.without-secret", err, "the code was taken")
	return ctx.Err()
}

// codeRefusedUser has somebody log in whom the app has to refuse.
func (r *run) codeRefusedUser(ctx context.Context) error {
	const id = "code.refused-user"
	switch {
	case !r.want.approved():
		return nil
	case r.RefusedUser == "":
		r.skip(id, "nobody was named who has to be refused: --refused-user")
		return nil
	}
	t, err := r.web(ctx, "Log in as "+r.RefusedUser+", who has to be refused.", "login_hint", r.RefusedUser, "prompt", "login")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNobody):
		r.skip(id, "%v", err)
		return nil
	case err != nil:
		r.mustBeRefused(id, err, "")
		return nil
	}
	if who, err := r.whoIs(ctx, t.Access); err != nil || !strings.EqualFold(who, r.RefusedUser) {
		r.skip(id, "%s logged in, and not %s", who, r.RefusedUser)
		return nil
	}
	r.fail(id, nil, "%s got in", r.RefusedUser)
	return nil
}
