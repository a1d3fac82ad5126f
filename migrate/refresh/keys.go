package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/ecactl/ecactl/metadata/org"
)

// usage lists the ids of the apps whose credentials the user may see, by API name.
func usage(ctx context.Context, c *org.Client) (map[string]string, error) {
	const size = 100
	ids := map[string]string{}
	for page := 0; ; page++ {
		var answer struct {
			Apps []struct {
				Identifier    string `json:"identifier"`
				DeveloperName string `json:"developerName"`
			} `json:"apps"`
			Next *string `json:"nextPageUrl"`
		}
		if err := c.Do(ctx, "GET", fmt.Sprintf("apps/oauth/usage?page=%d&pageSize=%d", page, size), nil, &answer); err != nil {
			return nil, err
		}
		for _, a := range answer.Apps {
			ids[a.DeveloperName] = a.Identifier
		}
		if answer.Next == nil || *answer.Next == "" || len(answer.Apps) == 0 {
			return ids, nil
		}
	}
}

// pair reads the key and the secret of an app; the secret is "" if the org does
// not hand it out.
func pair(ctx context.Context, c *org.Client, app string) (key, value string, err error) {
	var list struct {
		Consumers []struct {
			ID string `json:"id"`
		} `json:"consumers"`
	}
	base := "apps/oauth/credentials/" + url.PathEscape(app)
	if err := c.Do(ctx, "GET", base, nil, &list); err != nil || len(list.Consumers) == 0 {
		return "", "", err
	}
	var answer json.RawMessage
	if err := c.Do(ctx, "GET", base+"/"+url.PathEscape(list.Consumers[0].ID)+"?part=keyandsecret", nil, &answer); err != nil {
		return "", "", err
	}
	var got struct {
		Key    string `json:"key"`
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return "", "", errors.New("the org's answer about an app's credentials cannot be read")
	}
	return got.Key, got.Secret, nil
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
	list, err := usage(ctx, r.client)
	if err != nil || list[a.Name] == "" {
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
	if value != "" && !held.Secret.IsZero() {
		out.Secret = map[bool]string{true: "kept", false: "new"}[value == held.Secret.Reveal()]
	}
	if out.Key == "new" || out.Secret == "new" {
		out.warn("ECA776", "hand the new credentials to its clients: ecactl credentials show "+a.Name)
	}
	return nil
}
