package orgtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// stagedLife is how long a pair that was staged, or rotated out, is good.
const stagedLife = 30 * 24 * time.Hour

// serveUsage lists apps, and the tokens of their users.
func (o *Org) serveUsage(c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts := strings.Split(c.rest, "/")
	switch {
	case c.rest == "" && c.r.Method == http.MethodGet:
		apps := []map[string]any{}
		for _, s := range o.sorted(metadata.TypeApp) {
			apps = append(apps, map[string]any{"identifier": s.ID, "developerName": s.Name, "label": s.text("label"), "type": "ExternalClientApp"})
		}
		page(c, apps, "apps")
	case len(parts) == 2 && parts[0] == "tokens" && c.r.Method == http.MethodDelete:
		if !o.revoke(parts[1]) {
			restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
			return
		}
		c.w.WriteHeader(http.StatusNoContent)
	case len(parts) >= 2:
		o.serveAppUsage(c, parts)
	default:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// serveAppUsage is about one app: its users, and their refresh tokens.
func (o *Org) serveAppUsage(c *call, parts []string) {
	app := o.appByID(parts[0])
	users := map[string][]string{}
	if app != nil {
		for token, t := range o.state.Refresh {
			if t.App == app.Name && !t.Used {
				users[t.User] = append(users[t.User], token)
			}
		}
	}
	last := parts[len(parts)-1]
	switch {
	case app == nil:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case last == "users":
		list := []map[string]any{}
		for _, id := range slices.Sorted(maps.Keys(users)) {
			u := o.user(func(u *User) bool { return u.ID == id })
			list = append(list, map[string]any{"id": id, "name": u.Name, "username": u.Username, "tokenCount": len(users[id])})
		}
		page(c, list, "users")
	case last == "tokens" && c.r.Method == http.MethodDelete:
		for id, tokens := range users {
			if len(parts) == 2 || id == parts[1] {
				for _, t := range tokens {
					o.revoke(t)
				}
			}
		}
		c.w.WriteHeader(http.StatusNoContent)
	case last == "tokens":
		list := []map[string]any{}
		for range users[parts[1]] {
			list = append(list, map[string]any{"type": "refresh"})
		}
		page(c, list, "tokens")
	default:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// page writes one page of a list.
func page(c *call, list []map[string]any, name string) {
	size, number := 100, 0
	_, _ = fmt.Sscan(c.query.Get("pageSize"), &size) // the default stays
	_, _ = fmt.Sscan(c.query.Get("page"), &number)
	size, number = min(max(size, 1), 200), max(number, 0)
	from := min(number*size, len(list))
	to := min(from+size, len(list))
	answer := map[string]any{name: list[from:to], "nextPageUrl": nil}
	if to < len(list) {
		answer["nextPageUrl"] = fmt.Sprintf("%s?page=%d&pageSize=%d", c.r.URL.Path, number+1, size)
	}
	writeJSON(c.w, http.StatusOK, answer)
}

func (o *Org) appByID(id string) *stored {
	for _, s := range o.sorted(metadata.TypeApp) {
		if s.ID == id || s.ID[:15] == id {
			return s
		}
	}
	return nil
}

// serveCredentials hands out and rotates the key and secret of an app.
func (o *Org) serveCredentials(c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts := strings.Split(c.rest, "/")
	app := o.appByID(parts[0])
	var held *consumer
	if app != nil {
		held = o.state.Consumers[app.Name]
	}
	open := false
	if s := o.state.Components[key(typeSettings, "ExternalClientApp")]; s != nil {
		open = s.text("enableClientSecretInRestApiAccess") == "true"
	}
	base := "/services/data/v" + c.version.String() + "/apps/oauth/credentials/"
	switch {
	case app == nil || held == nil || len(parts) > 1 && parts[1] != held.ID && parts[1] != held.ID[:15]:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case len(parts) == 1:
		url := base + app.ID + "/" + held.ID
		writeJSON(c.w, http.StatusOK, map[string]any{"consumers": []map[string]any{{"id": held.ID, "key": held.Key, "name": app.Name, "url": url, "stagedCredentialsUrl": url + "/staged"}}})
	case len(parts) == 2:
		answer := map[string]any{"id": held.ID}
		part := strings.ToLower(c.query.Get("part"))
		if part != "secret" {
			answer["key"] = held.Key
		}
		if open && (part == "secret" || part == "keyandsecret") {
			answer["secret"] = held.Secret
		}
		writeJSON(c.w, http.StatusOK, answer)
	case parts[2] == "staged":
		o.serveStaged(c, held, parts[3:], open)
	default:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// serveStaged is a new pair before it takes effect, and the old one after.
func (o *Org) serveStaged(c *call, held *consumer, rest []string, open bool) {
	show := func(p stagedPair) map[string]any {
		answer := map[string]any{
			"id": p.ID, "key": p.Key, "state": p.State, "createdDate": p.Created.Format(time.RFC3339), "expirationDate": p.Created.Add(stagedLife).Format(time.RFC3339),
		}
		if open {
			answer["secret"] = p.Secret
		}
		return answer
	}
	held.Staged = slices.DeleteFunc(held.Staged, func(p stagedPair) bool { return o.cfg.Now().Sub(p.Created) >= stagedLife })
	at := -1
	if len(rest) > 0 {
		at = slices.IndexFunc(held.Staged, func(p stagedPair) bool { return p.ID == rest[0] || p.ID[:15] == rest[0] })
	}
	switch method := c.r.Method; {
	case len(rest) == 0 && method == http.MethodGet:
		list := []map[string]any{}
		for _, p := range held.Staged {
			list = append(list, show(p))
		}
		writeJSON(c.w, http.StatusOK, map[string]any{"stagedCredentials": list})
	case len(rest) == 0 && method == http.MethodPost:
		body, err := io.ReadAll(io.LimitReader(c.r.Body, 1<<16))
		if err != nil || !json.Valid(body) {
			restFail(c.w, http.StatusBadRequest, "JSON_PARSER_ERROR", "The body has to be a JSON object, {} if there is nothing to say")
			return
		}
		p := stagedPair{o.newID("staged"), newKey(), newSecret(), "staged", o.cfg.Now().UTC()}
		held.Staged = append(slices.DeleteFunc(held.Staged, func(p stagedPair) bool { return p.State == "staged" }), p)
		writeJSON(c.w, http.StatusCreated, show(p))
	case at < 0:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case method == http.MethodPatch:
		var body struct {
			Command string `json:"command"`
		}
		if err := json.NewDecoder(io.LimitReader(c.r.Body, 1<<16)).Decode(&body); err != nil || body.Command != "rotate" {
			restFail(c.w, http.StatusBadRequest, "INVALID_INPUT", "The command has to be rotate")
			return
		}
		p := held.Staged[at]
		old := stagedPair{o.newID("staged"), held.Key, held.Secret, "rotated", o.cfg.Now().UTC()}
		held.Key, held.Secret, held.Staged = p.Key, p.Secret, []stagedPair{old}
		writeJSON(c.w, http.StatusOK, show(old))
	case method == http.MethodDelete:
		held.Staged = slices.Delete(held.Staged, at, at+1)
		c.w.WriteHeader(http.StatusNoContent)
	default:
		restFail(c.w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '"+method+"' not allowed")
	}
}
