package spec_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// benchSpec is an app with the five files that most have.
const benchSpec = `apiVersion: ecactl/v1
kind: ExternalClientApp
name: App_%04[1]d
label: App %[1]d
description: Sends orders number %[1]d to the warehouse
contact: {email: admin@example.com}
distribution: Local
oauth:
  callbackUrls: [https://app%[1]d.example.com/oauth/callback]
  scopes: [api, refresh_token]
  flows:
    authorizationCodeCredentials: {enabled: false, postOnly: false}
    clientCredentials: {enabled: false}
    device: {enabled: false}
    tokenExchange: {enabled: false, requireSecret: true}
  security:
    requireSecretForWebServerFlow: true
    requireSecretForRefreshToken: true
    requirePkce: true
    rotateRefreshTokens: false
    introspectAllTokens: false
    jwtAccessTokens: false
policies:
  enabled: true
  permittedUsers: admin-approved
  permissionSets: [Access_%[1]d]
  refreshToken: {lifetime: 90d}
  ipRelaxation: enforce
  session: {level: standard}
  start: {page: none}
`

const benchApps = 1000

func writeBenchSpecs(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	for i := range benchApps {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("app%04d.yaml", i)), fmt.Appendf(nil, benchSpec, i), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func generateAll(b *testing.B, dir string) []metadata.File {
	b.Helper()
	set, err := spec.Load([]string{dir}, nil, spec.Options{})
	if err != nil {
		b.Fatal(err)
	}
	g, problems := spec.Generate(set.Specs, metadata.Source, metadata.Schema())
	if err := append(problems, set.Problems...).Err(); err != nil || len(g.Files) != 5*benchApps+1 {
		b.Fatal(err)
	}
	return g.Files
}

// BenchmarkGenerate goes from 1,000 specs on disk to 5,001 files on disk. The
// floor writes the same bytes to the same names with os.WriteFile.
func BenchmarkGenerate(b *testing.B) {
	specs := writeBenchSpecs(b)
	files := generateAll(b, specs)
	out := b.TempDir()
	var floor, ours time.Duration
	for i := 0; b.Loop(); i++ {
		dir := filepath.Join(out, fmt.Sprint("floor", i))
		start := time.Now()
		for _, f := range files {
			name := filepath.Join(dir, filepath.FromSlash(f.Path))
			if err := os.WriteFile(name, f.Data, 0o644); err != nil { // the folder is made when it turns out to be missing
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(name, f.Data, 0o644); err != nil {
					b.Fatal(err)
				}
			}
		}
		floor += time.Since(start)

		start = time.Now()
		if _, err := metadata.WriteTree(filepath.Join(out, fmt.Sprint("ours", i)), generateAll(b, specs), metadata.WriteOptions{}); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-floor")
}

// BenchmarkGenerateZip goes from 1,000 specs on disk to one zip. The floor packs
// the same bytes with archive/zip.
func BenchmarkGenerateZip(b *testing.B) {
	specs := writeBenchSpecs(b)
	files := generateAll(b, specs)
	var floor, ours time.Duration
	for b.Loop() {
		start := time.Now()
		var packed bytes.Buffer
		z := zip.NewWriter(&packed)
		for _, f := range files {
			w, err := z.Create(f.Path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(f.Data); err != nil {
				b.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			b.Fatal(err)
		}
		floor += time.Since(start)

		start = time.Now()
		packed.Reset()
		if err := metadata.WriteZip(&packed, generateAll(b, specs)); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-floor")
}
