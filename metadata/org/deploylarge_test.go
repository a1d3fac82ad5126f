package org_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
)

// Deploys are read by another JSON library than everything else; it has to read what
// that reads.
func FuzzDeployStatus(f *testing.F) {
	f.Add(`{"deployResult":{"done":true,"status":"Succeeded","createdDate":"2026-11-25T18:09:42.000+0000","numberComponentsTotal":2,"canceledBy":null,"details":{"componentSuccesses":[{"fullName":"A\u00e9\ud83d\ude00","changed":true,"lineNumber":null,"problem":null},{}],"componentFailures":[{"problem":"\"x\"\n","lineNumber":12,"columnNumber":3}],"runTestResult":{"numFailures":0,"failures":[{"name":"T"}]}}}}`)
	f.Add(`{"deployResult":{"details":null,"unknown":[[[{}]]],"done":"true"}}`)
	f.Add(`{"deployResult":{"numberComponentsTotal":1e2,"numberFiles":-0}}`)
	f.Add(`{"deployResult":{}} x`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, body string) {
		c, err := org.New(org.Config{
			Session: org.Session{InstanceURL: "http://127.0.0.1:1", Token: secret.New("00D000000000000!token")}, Sleep: func(context.Context, time.Duration) error { return nil },
			HTTP: &http.Client{Transport: canned{http.StatusOK, "application/json", body}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			DeployResult *org.DeployResult `json:"deployResult"`
		}
		wrong := json.Unmarshal([]byte(body), &want)
		got, err := c.DeployStatus(t.Context(), "0Af000000000001AAA", true)
		switch {
		case wrong == nil && want.DeployResult != nil && err != nil:
			t.Errorf("cannot be read: %v", err)
		case wrong == nil && want.DeployResult != nil && !reflect.DeepEqual(got, want.DeployResult):
			t.Errorf("read as %+v, and it is %+v", got, want.DeployResult)
		case wrong != nil && err == nil:
			t.Errorf("read as %+v, and it is wrong: %v", got, wrong)
		}
	})
}

// What an org would refuse for its size is not sent.
func TestTooLargeDeploy(t *testing.T) {
	for _, tt := range []struct {
		name    string
		files   int
		comment string
		want    string
	}{
		{"as many as there may be", org.MaxFiles, "", ""},
		{"one too many", org.MaxFiles + 1, "", "the deploy has 10001 files, and the Metadata API takes 10000"},
		{"one too many, and a comment", org.MaxFiles + 1, "PK\x05\x06", "the deploy has 10001 files, and the Metadata API takes 10000"},
		{"more than the count at the end has room for", 1<<16 + 10, "", "the deploy has 65546 files, and the Metadata API takes 10000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var data bytes.Buffer
			z := zip.NewWriter(&data)
			for i := range tt.files {
				if _, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(z.SetComment(tt.comment), z.Close()); err != nil {
				t.Fatal(err)
			}
			o := orgtest.New(t, orgtest.Config{})
			_, err := client(t, o, nil).Deploy(t.Context(), data.Bytes(), org.DeployOptions{})
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if p, ok := errors.AsType[*diag.Problem](err); !ok || p.Code != "ECA527" || p.Message != tt.want {
				t.Errorf("got %v, want ECA527 %s", err, tt.want)
			}
			if n := len(o.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
	o := orgtest.New(t, orgtest.Config{})
	if _, err := client(t, o, nil).Deploy(t.Context(), []byte("PK\x05"), org.DeployOptions{}); err == nil || len(o.Requests()) > 0 {
		t.Errorf("a zip that is none was sent; %v", err)
	}
}

// What is more than fits into one retrieve is asked for in several.
func TestLargeRetrieve(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := &metadata.Manifest{Version: 66}
	const apps = org.MaxFiles/2 + 1
	var list []*metadata.Component
	for i := range apps {
		c := metadata.NewComponent(metadata.TypeApp, fmt.Sprint("App", i))
		c.Root.Add(&metadata.Element{Name: "contactEmail", Text: "admin@example.com"})
		list = append(list, c)
		m.AddName(c.Type, c.Name)
	}
	if err := o.Put(list...); err != nil {
		t.Fatal(err)
	}
	r, err := client(t, o, nil).Retrieve(t.Context(), m)
	if err != nil || len(r.Components) != apps {
		t.Fatalf("%v, %v", r, err)
	}
	begun := 0
	for _, request := range o.Requests() {
		if request.Op == "retrieve" {
			begun++
		}
	}
	if begun != 2 {
		t.Errorf("%d retrieves, want 2", begun)
	}
}
