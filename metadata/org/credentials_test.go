package org_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
)

// orgWithApps is an org that hands out secrets, or does not, with some apps.
func orgWithApps(t *testing.T, cfg orgtest.Config, open bool, names ...string) (*orgtest.Org, *org.Client) {
	t.Helper()
	o := orgtest.New(t, cfg)
	put := func(typ, name string, fields ...string) {
		c := metadata.NewComponent(typ, name)
		for i := 0; i+1 < len(fields); i += 2 {
			c.Root.Add(&metadata.Element{Name: fields[i], Text: fields[i+1]})
		}
		if err := o.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		put("ExternalClientApplication", name, "label", name, "contactEmail", "admin@example.com")
		put("ExtlClntAppOauthSettings", name+"_o", "externalClientApplication", name, "commaSeparatedOauthScopes", "Api")
		put("ExtlClntAppGlobalOauthSettings", name+"_g", "externalClientApplication", name, "callbackUrl", "https://example.com/cb")
	}
	if open {
		put("ExternalClientAppSettings", "ExternalClientApp", "enableClientSecretInRestApiAccess", "true")
	}
	c, err := org.New(org.Config{Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}})
	if err != nil {
		t.Fatal(err)
	}
	return o, c
}

// A pair goes the whole way: staged, promoted, replaced, ended.
func TestPairs(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	o, c := orgWithApps(t, orgtest.Config{Now: func() time.Time { return now }}, true, "App")
	read := func() *org.Credentials {
		t.Helper()
		app, err := c.ConsumerApp(t.Context(), "App")
		if err != nil {
			t.Fatal(err)
		}
		all, err := c.Credentials(t.Context(), app, true)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := read()
	key, consumerSecret := o.Consumer("App")
	if p := before.Active; p.Key != key || p.Secret.Reveal() != consumerSecret || p.State != org.PairActive || len(before.Others) > 0 {
		t.Errorf("the pair in force: %+v", p)
	}
	staged, err := c.Stage(t.Context(), before)
	if err != nil || staged.Secret.IsZero() || staged.State != org.PairStaged {
		t.Fatalf("%+v, %v", staged, err)
	}
	if days, known := staged.DaysLeft(now); days != 30 || !known {
		t.Errorf("%d days left, %v", days, known)
	}
	if p := read().Staged(); p == nil || p.ID != staged.ID || p.Secret.Reveal() != staged.Secret.Reveal() {
		t.Errorf("the staged pair: %+v", p)
	}
	if err := c.Promote(t.Context(), before, staged); err != nil {
		t.Fatal(err)
	}
	now = now.Add(36 * time.Hour)
	after := read()
	old := after.Rotated()
	if after.Active.Key != staged.Key || old == nil || old.Key != key || len(after.Keys()) != 2 {
		t.Fatalf("after it: %+v", after)
	}
	if days, _ := old.DaysLeft(now); days != 29 {
		t.Errorf("the old pair has %d days left", days)
	}
	if err := c.RevokePair(t.Context(), after, *old); err != nil {
		t.Fatal(err)
	}
	if err := c.RevokePair(t.Context(), after, *old); err != nil {
		t.Errorf("ending it twice: %v", err)
	}
	if err := c.Promote(t.Context(), after, *old); err == nil {
		t.Error("a pair that has ended is promoted")
	}
	if len(read().Others) > 0 {
		t.Error("the old pair is there")
	}
}

// An org that keeps its secrets hands out keys.
func TestPairsWithoutSecrets(t *testing.T) {
	o, c := orgWithApps(t, orgtest.Config{}, false, "App")
	app, err := c.ConsumerApp(t.Context(), "App")
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Credentials(t.Context(), app, true)
	key, _ := o.Consumer("App")
	if err != nil || all.Active.Key != key || !all.Active.Secret.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
	if text := fmt.Sprintf("%v %+v %#v", all, all, all); strings.Contains(text, "secret: ") {
		t.Error(text)
	}
}

// An app is found on whichever page it is, and one that is not there has a hint.
func TestConsumerAppsPages(t *testing.T) {
	var names []string
	for i := range 230 {
		names = append(names, fmt.Sprintf("App_%03d", i))
	}
	_, c := orgWithApps(t, orgtest.Config{}, true, names...)
	apps, err := c.ConsumerApps(t.Context())
	if err != nil || len(apps) != len(names) {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	if app, err := c.ConsumerApp(t.Context(), "App_229"); err != nil || app.Name != "App_229" {
		t.Errorf("%+v, %v", app, err)
	}
	_, err = c.ConsumerApp(t.Context(), "Ap_001")
	p, ok := errors.AsType[*diag.Problem](err)
	if !ok || p.Code != "ECA720" || !strings.Contains(p.Hint, "App_001") {
		t.Errorf("%v", err)
	}
}
