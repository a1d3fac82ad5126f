package verify

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// echo is where an org shows a code instead of sending it on; apps of this flow
// have it as a callback.
const echo = "/services/oauth2/echo"

// userCallback is the address for the code and credentials flow.
func (r *run) userCallback() string {
	if r.Callback != "" {
		return r.Callback
	}
	all := r.want.callbacks()
	if i := slices.IndexFunc(all, func(c string) bool { return strings.HasSuffix(c, echo) }); i >= 0 {
		return all[i]
	}
	return r.callback()
}

// An attempt is a login with name and password.
type attempt struct {
	username string
	password secret.String
	inBody   bool
	pkce     bool
}

func (r *run) tryUser(ctx context.Context, a attempt) (*login.Tokens, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	pkce := login.NewPKCE()
	query := url.Values{"response_type": {"code_credentials"}, "client_id": {r.ClientID}, "redirect_uri": {r.userCallback()}}
	if a.pkce {
		query.Set("code_challenge", pkce.Challenge)
		query.Set("code_challenge_method", "S256")
	}
	values, err := r.Site.AuthorizeUser(ctx, query, a.username, a.password, a.inBody)
	switch {
	case err != nil:
		return nil, err
	case values.Get("code") == "":
		return nil, errors.New("the org showed a page, and sent no code")
	}
	r.Learned(secret.New(values.Get("code")))
	f := r.form(r.want.secretForWeb(), "grant_type", "authorization_code", "code", values.Get("code"), "redirect_uri", r.userCallback())
	if a.pkce {
		f.Set("code_verifier", pkce.Verifier.Reveal())
	}
	return r.ask(ctx, r.Site, flowUser, f)
}

// user is the authorization code and credentials flow: the app sends the user's
// name and password itself.
func (r *run) user(ctx context.Context) error {
	if !r.want.user() {
		return nil
	}
	postOnly := r.want.on(typeGlobal, "isCodeCredPostOnly")
	rest := []string{"user.user", "user.instance-url", "user.scopes", "user.wrong-password"}
	for id, applies := range map[string]bool{"user.post-only": postOnly, "user.without-pkce": r.want.pkce(), "user.refused-user": r.want.approved()} {
		if applies {
			rest = append(rest, id)
		}
	}
	slices.SortStableFunc(rest[4:], strings.Compare)
	all := append([]string{"user.login"}, rest...)
	switch {
	case r.Username == "" || r.Password.IsZero():
		r.skipAll("a user and the password are needed: --username and --password-file", all...)
		return nil
	case r.userCallback() == "":
		r.skipAll("the app has no callback URL", all...)
		return nil
	case r.want.secretForWeb() && r.Secret.IsZero():
		r.skipAll(r.noSecret(), all...)
		return nil
	}
	good := attempt{r.Username, r.Password, postOnly, true}
	t, err := r.tryUser(ctx, good)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.fail("user.login", err, "")
		r.skipAll("the login did not work", rest...)
		return nil
	}
	r.pass("user.login", "%s, by %s", r.Username, r.userCallback())
	who := r.login(ctx, "user", t, true, r.Username)
	r.ways = append(r.ways, way{func(ctx context.Context) (*login.Tokens, error) { return r.tryUser(ctx, good) }, who, !t.Refresh.IsZero()})

	bad := good
	bad.password = secret.New(rand.Text())
	_, err = r.tryUser(ctx, bad)
	r.mustBeRefused("user.wrong-password", err, "the user got in")
	if postOnly {
		inHeader := good
		inHeader.inBody = false
		_, err = r.tryUser(ctx, inHeader)
		r.mustBeRefused("user.post-only", err, "they were taken")
	}
	if r.want.approved() {
		r.userRefused(ctx, postOnly)
	}
	if r.want.pkce() {
		bare := good
		bare.pkce = false
		_, err = r.tryUser(ctx, bare)
		r.mustBeRefused("user.without-pkce", err, "the user got in")
	}
	return ctx.Err()
}

func (r *run) userRefused(ctx context.Context, postOnly bool) {
	if r.RefusedUser == "" || r.RefusedPassword.IsZero() {
		r.skip("user.refused-user", "nobody was named who has to be refused: --refused-user and --refused-password-file")
		return
	}
	_, err := r.tryUser(ctx, attempt{r.RefusedUser, r.RefusedPassword, postOnly, true})
	r.mustBeRefused("user.refused-user", err, r.RefusedUser+" got in")
}
