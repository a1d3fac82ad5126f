package refresh

import (
	"context"
	"errors"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// consumers lists the apps whose credentials the user may see, by API name.
func consumers(ctx context.Context, c *org.Client) (map[string]org.ConsumerApp, error) {
	list, err := c.ConsumerApps(ctx)
	apps := map[string]org.ConsumerApp{}
	for _, a := range list {
		apps[a.Name] = a
	}
	return apps, err
}

// pair reads the key and the secret of an app, as far as the org hands them out.
func pair(ctx context.Context, c *org.Client, app org.ConsumerApp) (key string, value secret.String, err error) {
	held, err := c.Credentials(ctx, app, true)
	if held == nil {
		return "", secret.String{}, err
	}
	return held.Active.Key, held.Active.Secret, nil // what else there is does not matter here
}

// denied tells an org that does not hand something out from one that cannot be
// reached.
func denied(err error) bool {
	var said *org.Error
	var problem *diag.Problem
	if errors.As(err, &said) {
		return said.Code != "INVALID_SESSION_ID" && said.Code != "REQUEST_LIMIT_EXCEEDED"
	}
	return errors.As(err, &problem)
}

// compareKeys says whether an app has the key and the secret of before.
func (r *restore) compareKeys(ctx context.Context, a *App, out *Outcome) error {
	held := r.options.Secrets.find(a.Name)
	if held == nil {
		if a.Key || r.options.Secrets == nil && out.State == Created {
			out.Key, out.Secret = "new", "new"
			out.warn("ECA776", "its key is new: no key was given")
		}
		return nil
	}
	list, err := consumers(ctx, r.client)
	if err != nil || list[a.Name].ID == "" {
		out.Warnings = append(out.Warnings, "whether its key is that of before was not to be read")
		return nil
	}
	key, value, err := pair(ctx, r.client, list[a.Name])
	if err != nil {
		out.Warnings = append(out.Warnings, "whether its key is that of before was not to be read")
		return nil
	}
	if key != "" {
		out.Key = map[bool]string{true: "kept", false: "new"}[key == held.Key]
	}
	if value.Reveal() != "" && held.Secret.Reveal() != "" {
		out.Secret = map[bool]string{true: "kept", false: "new"}[value.Reveal() == held.Secret.Reveal()]
	}
	if out.Key == "new" || out.Secret == "new" {
		out.warn("ECA776", "hand the new credentials to its clients: ecactl credentials show "+a.Name)
	}
	return nil
}
