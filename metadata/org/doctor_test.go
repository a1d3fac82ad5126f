package org_test

import (
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// A permission that is missing is said to be, with what it is for; one whose name or
// label the org does not have is not known.
func TestDoctorMissingPermissions(t *testing.T) {
	for name, tt := range map[string]struct {
		lacks []string
		want  map[string]string // state by id
	}{
		"none": {nil, map[string]string{"modify-metadata": "ok", "edit-apps": "ok", "view-apps": "ok", "view-secrets": "ok", "view-setup": "ok"}},
		"all": {
			[]string{"PermissionsModifyMetadata", "PermissionsCreateExternalClientApps", "PermissionsViewAllExternalClientApps", "PermissionsViewExternalClientAppSecrets", "PermissionsViewSetup"},
			map[string]string{"modify-metadata": "fail", "edit-apps": "fail", "view-apps": "warn", "view-secrets": "warn", "view-setup": "warn"},
		},
		"one": {[]string{"PermissionsViewSetup"}, map[string]string{"modify-metadata": "ok", "view-setup": "warn"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := orgtest.New(t, orgtest.Config{Users: []orgtest.User{{Username: "ada@example.com", Name: "Ada", Lacks: tt.lacks}}})
			found := map[string]org.Check{}
			for _, f := range org.Doctor(t.Context(), client(t, o, nil)) {
				found[f.ID] = f
			}
			for id, state := range tt.want {
				got := found[id]
				if got.State != state {
					t.Errorf("%s is %q, want %q", id, got.State, state)
				}
				if state != "ok" && (got.Found != "not held" || !strings.HasPrefix(got.Fix, "assign a permission set with it: ")) {
					t.Errorf("%s: found %q, fix %q", id, got.Found, got.Fix)
				}
			}
		})
	}
}
