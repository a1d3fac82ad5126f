package verify

import (
	"context"
	"crypto/rand"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// client is the client credentials flow.
func (r *run) client(ctx context.Context) error {
	ask := func(ctx context.Context, withSecret bool) (*login.Tokens, error) {
		return r.ask(ctx, r.Endpoint, flowClient, r.form(withSecret, "grant_type", "client_credentials"))
	}
	switch {
	case !r.want.client() && r.Secret.IsZero():
		r.skip("client.off", "%s", r.noSecret())
		return nil
	case !r.want.client():
		_, err := ask(ctx, true)
		r.mustBeOff("client.off", err)
		return ctx.Err()
	}
	rest := []string{"client.user", "client.instance-url", "client.scopes", "client.wrong-secret"}
	if r.Secret.IsZero() {
		r.skipAll(r.noSecret(), append([]string{"client.login"}, rest...)...)
	} else if err := r.clientLogin(ctx, ask, rest); err != nil {
		return err
	}
	_, err := ask(ctx, false)
	r.mustBeRefused("client.without-secret", err, "the app got in")
	return ctx.Err()
}

func (r *run) clientLogin(ctx context.Context, ask func(context.Context, bool) (*login.Tokens, error), rest []string) error {
	t, err := ask(ctx, true)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.fail("client.login", err, "")
		r.skipAll("the login did not work", rest...)
		return nil
	}
	r.pass("client.login", "with the consumer key and secret")
	who := r.login(ctx, "client", t, false, r.want.runAs())
	r.ways = append(r.ways, way{func(ctx context.Context) (*login.Tokens, error) { return ask(ctx, true) }, who, false})
	f := r.form(false, "grant_type", "client_credentials", "client_secret", rand.Text()+rand.Text())
	_, err = r.ask(ctx, r.Endpoint, flowClient, f)
	r.mustBeRefused("client.wrong-secret", err, "the app got in")
	return ctx.Err()
}

// jwt is the JWT bearer flow.
func (r *run) jwt(ctx context.Context) error {
	if !r.want.jwt() {
		return nil
	}
	rest := []string{"jwt.user", "jwt.instance-url", "jwt.scopes", "jwt.wrong-key"}
	if r.want.approved() {
		rest = append(rest, "jwt.refused-user")
	}
	if r.KeyFile == "" || r.Username == "" {
		r.skipAll("the private key and a user are needed: --key-file and --username", append([]string{"jwt.login"}, rest...)...)
		return nil
	}
	audience := r.Audience
	if audience == "" {
		var err error
		if audience, err = login.Audience(r.Session.InstanceURL); err != nil {
			return err
		}
	}
	ask := func(ctx context.Context, username string, sign func(login.Claim) (secret.String, error)) (*login.Tokens, error) {
		assertion, err := sign(login.Claim{ClientID: r.ClientID, Username: username, Audience: audience, Now: r.System.Now()})
		if err != nil {
			return nil, err
		}
		r.Learned(assertion)
		f := r.form(false, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", assertion.Reveal())
		f.Del("client_id") // the assertion names the app
		return r.ask(ctx, r.Endpoint, flowJWT, f)
	}
	signed := func(c login.Claim) (secret.String, error) { return c.Sign(r.KeyFile) }
	t, err := ask(ctx, r.Username, signed)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.fail("jwt.login", err, "")
		r.skipAll("the login did not work", rest...)
		return nil
	}
	r.pass("jwt.login", "with the key of the app's certificate")
	who := r.login(ctx, "jwt", t, false, r.Username)
	r.ways = append(r.ways, way{func(ctx context.Context) (*login.Tokens, error) { return ask(ctx, r.Username, signed) }, who, false})
	_, err = ask(ctx, r.Username, login.Claim.SignAnew)
	r.mustBeRefused("jwt.wrong-key", err, "it was taken")
	if r.want.approved() {
		if r.RefusedUser == "" {
			r.skip("jwt.refused-user", "nobody was named who has to be refused: --refused-user")
			return ctx.Err()
		}
		_, err = ask(ctx, r.RefusedUser, signed)
		r.mustBeRefused("jwt.refused-user", err, r.RefusedUser+" got in")
	}
	return ctx.Err()
}

// exchange is the token exchange flow.
func (r *run) exchange(ctx context.Context) error {
	if !r.want.exchange() {
		return nil
	}
	rest := []string{"exchange.instance-url", "exchange.scopes", "exchange.wrong-token"}
	if r.want.secretForExchange() {
		rest = append(rest, "exchange.without-secret")
	}
	all := append([]string{"exchange.login"}, rest...)
	switch {
	case r.SubjectToken.IsZero():
		r.skipAll("a token of the identity provider is needed: --subject-token-file", all...)
		return nil
	case r.want.secretForExchange() && r.Secret.IsZero():
		r.skipAll(r.noSecret(), all...)
		return nil
	}
	ask := func(ctx context.Context, token secret.String, withSecret bool) (*login.Tokens, error) {
		kind := r.SubjectType
		if kind == "" {
			kind = "urn:ietf:params:oauth:token-type:access_token"
		}
		f := r.form(withSecret, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", token.Reveal(), "subject_token_type", kind)
		if r.Handler != "" {
			f.Set("token_handler", r.Handler)
		}
		return r.ask(ctx, r.Endpoint, flowExchange, f)
	}
	t, err := ask(ctx, r.SubjectToken, r.want.secretForExchange())
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.fail("exchange.login", err, "")
		r.skipAll("the login did not work", rest...)
		return nil
	}
	r.pass("exchange.login", "with the token that was given")
	who := r.login(ctx, "exchange", t, !t.Refresh.IsZero(), "")
	again := func(ctx context.Context) (*login.Tokens, error) {
		return ask(ctx, r.SubjectToken, r.want.secretForExchange())
	}
	r.ways = append(r.ways, way{again, who, !t.Refresh.IsZero()})
	if r.want.secretForExchange() {
		_, err = ask(ctx, r.SubjectToken, false)
		r.mustBeRefused("exchange.without-secret", err, "the token was taken")
	}
	_, err = ask(ctx, secret.New(rand.Text()), r.want.secretForExchange())
	r.mustBeRefused("exchange.wrong-token", err, "it was taken")
	return ctx.Err()
}

// device is the device flow, as far as it goes without the person who types the
// code. What is begun ends by itself.
func (r *run) device(ctx context.Context) error {
	code, err := r.Endpoint.Device(ctx, r.ClientID)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch {
	case !r.want.device():
		r.mustBeOff("device.off", err)
		return nil
	case err != nil:
		r.fail("device.start", err, "")
		r.skipAll("it could not be begun", "device.waiting", "device.login")
		return nil
	}
	r.Learned(code.Code)
	r.pass("device.start", "a code to be typed at %s", code.VerificationURI)
	_, err = r.ask(ctx, r.Endpoint, flowDevice, r.form(false, "grant_type", "device", "code", code.Code.Reveal()))
	r.mustBeRefused("device.waiting", err, "somebody got in")
	r.skip("device.login", "somebody has to type the code on another device")
	return ctx.Err()
}
