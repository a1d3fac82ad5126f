// Package spec is the YAML format in which one document describes one External
// Client App, and the way from it to metadata components and back.
//
// [Load] reads files and folders. [Spec.Build] makes the components of one
// document for an API version; [Check] says what an org, or good sense, has
// against them; [Import] writes the spec of components that came from
// elsewhere. What the format has is a table of [Key] values that all of them
// walk, and from which the JSON Schema and the reference are made.
//
// What a spec does not say is not written: the org's default applies. Only what
// the platform requires is filled in.
package spec
