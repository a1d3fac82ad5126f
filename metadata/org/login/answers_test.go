package login_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

// What is wrong with a token endpoint's answer is said alike in every flow, and in
// words of our own.
func TestUnreadableTokenAnswers(t *testing.T) {
	keyFile, _ := keyPair(t)
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://acme.my.salesforce.com/services/oauth2/token", http.StatusTemporaryRedirect)
		}, "sends on to acme.my.salesforce.com"},
		"a page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>")
		}, "is there a proxy in between?"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token": "00D`)
		}, "the answer is not whole"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Repeat(" ", 1<<20))
		}, "the answer is larger than 64 KB"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			m := newMachine(t)
			_, jwt := login.JWT(t.Context(), m.System, login.JWTOptions{Username: admin, ClientID: "key", KeyFile: keyFile, LoginURL: server.URL})
			_, cc := login.ClientCredentials(t.Context(), m.System, login.ClientCredentialsOptions{ClientID: "key", Secret: secret.New("secret"), InstanceURL: server.URL})
			for flow, err := range map[string]error{"jwt": jwt, "client credentials": cc} {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "oauth2") || strings.Contains(err.Error(), "Post ") {
					t.Errorf("%s: %v, want %s", flow, err, tt.want)
				}
			}
		})
	}
}
