package verify

import (
	"context"
	"errors"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// refreshFlow are the checks of refresh tokens.
func (r *run) refreshFlow() []string {
	switch {
	case !r.want.refreshes():
		return []string{"refresh.none"}
	case r.want.endsAtOnce():
		return []string{"refresh.immediately"}
	case r.want.secretForRefresh():
		return []string{"refresh.renew", "refresh.without-secret", "refresh.rotation"}
	}
	return []string{"refresh.renew", "refresh.rotation"}
}

// renew uses a refresh token.
func (r *run) renew(ctx context.Context, token secret.String, withSecret bool) (*login.Tokens, error) {
	return r.ask(ctx, r.Endpoint, flowRefresh, r.form(withSecret, "grant_type", "refresh_token", "refresh_token", token.Reveal()))
}

func (r *run) refresh(ctx context.Context, t *login.Tokens) error {
	has := !t.Refresh.IsZero()
	switch {
	case !r.want.refreshes() && has:
		r.fail("refresh.none", nil, "a refresh token was handed out, and the spec has no scope for it")
		return nil
	case !r.want.refreshes():
		r.pass("refresh.none", "the spec has no scope for it")
		return nil
	case r.want.endsAtOnce() && !has:
		r.pass("refresh.immediately", "none was handed out")
		return nil
	case r.want.endsAtOnce():
		_, err := r.renew(ctx, t.Refresh, true)
		r.mustBeRefused("refresh.immediately", err, "it was taken")
		return ctx.Err()
	case !has:
		r.fail("refresh.renew", nil, "the login came without a refresh token")
		r.skipAll("there is no refresh token", r.refreshFlow()[1:]...)
		return nil
	case r.want.secretForRefresh() && r.Secret.IsZero():
		r.skipAll(r.noSecret(), r.refreshFlow()...)
		return nil
	}
	next, err := r.renew(ctx, t.Refresh, r.want.secretForRefresh())
	found := "the new access token works"
	if err == nil {
		if err = r.use(ctx, r.Session.InstanceURL, next.Access); errors.Is(err, errNoUse) {
			found, err = "a new access token came; "+err.Error(), nil
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.fail("refresh.renew", err, "")
		r.skipAll("the refresh token was not taken", r.refreshFlow()[1:]...)
		return nil
	}
	r.pass("refresh.renew", "%s", found)
	newest := t.Refresh
	if !next.Refresh.IsZero() {
		newest = next.Refresh
	}
	if r.want.secretForRefresh() {
		_, err := r.renew(ctx, newest, false)
		r.mustBeRefused("refresh.without-secret", err, "it was taken")
	}
	return r.rotated(ctx, t.Refresh, next.Refresh)
}

// rotated uses the old refresh token once more. Where tokens rotate that ends
// all of them, so it comes last.
func (r *run) rotated(ctx context.Context, old, next secret.String) error {
	const id = "refresh.rotation"
	changed := !next.IsZero() && next.Reveal() != old.Reveal()
	switch {
	case r.want.rotation() && !changed:
		r.fail(id, nil, "no new refresh token came")
		return nil
	case !r.want.rotation() && changed:
		r.fail(id, nil, "a new refresh token came, and the spec does not rotate them")
		return nil
	}
	_, err := r.renew(ctx, old, r.want.secretForRefresh())
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.want.rotation():
		r.mustBeRefused(id, err, "the old token was taken")
	case err != nil:
		r.fail(id, err, "the same token was not taken again, and the spec does not rotate them")
	default:
		r.pass(id, "the same token goes on, as the spec says")
	}
	return nil
}
