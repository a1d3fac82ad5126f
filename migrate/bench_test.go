package migrate_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate"
)

// benchApp has the elements that most Connected Apps have.
const benchApp = `<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>admin@example.com</contactEmail>
    <description>Sends orders number %[1]d to the warehouse</description>
    <label>App %[1]d</label>
    <oauthConfig>
        <callbackUrl>https://app%[1]d.example.com/oauth/callback</callbackUrl>
        <consumerKey>3MVG9key%[1]d</consumerKey>
        <isAdminApproved>true</isAdminApproved>
        <isClientCredentialEnabled>false</isClientCredentialEnabled>
        <isCodeCredentialEnabled>false</isCodeCredentialEnabled>
        <isCodeCredentialPostOnly>false</isCodeCredentialPostOnly>
        <isConsumerSecretOptional>false</isConsumerSecretOptional>
        <isIntrospectAllTokens>false</isIntrospectAllTokens>
        <isNamedUserJwtEnabled>false</isNamedUserJwtEnabled>
        <isPkceRequired>false</isPkceRequired>
        <isRefreshTokenRotationEnabled>false</isRefreshTokenRotationEnabled>
        <isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken>
        <isSecretRequiredForTokenExchange>false</isSecretRequiredForTokenExchange>
        <isTokenExchangeEnabled>false</isTokenExchangeEnabled>
        <scopes>Api</scopes>
        <scopes>RefreshToken</scopes>
    </oauthConfig>
    <oauthPolicy>
        <ipRelaxation>ENFORCE</ipRelaxation>
        <isTokenExchangeFlowEnabled>false</isTokenExchangeFlowEnabled>
        <refreshTokenPolicy>infinite</refreshTokenPolicy>
    </oauthPolicy>
    <permissionSetName>Order Sync</permissionSetName>
</ConnectedApp>
`

const benchApps = 10_000

// BenchmarkAudit decodes and audits 10,000 Connected App files. The floor reads
// the same files and scans their tokens with encoding/xml.
func BenchmarkAudit(b *testing.B) {
	dir := b.TempDir()
	for i := range benchApps {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("App_%05d.connectedApp-meta.xml", i)), fmt.Appendf(nil, benchApp, i), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	var floor, ours time.Duration
	for b.Loop() {
		start := time.Now()
		scanAll(b, dir)
		floor += time.Since(start)

		start = time.Now()
		read, err := metadata.Schema().Read(dir)
		if err != nil {
			b.Fatal(err)
		}
		r := migrate.Audit(migrate.FromFiles(read), migrate.Options{Now: time.Unix(0, 0)})
		ours += time.Since(start)
		if len(r.Apps) != benchApps {
			b.Fatalf("%d apps in the report", len(r.Apps))
		}
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-floor")
}

func scanAll(b *testing.B, dir string) {
	b.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			b.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(data))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
