// Package metadata is a Go model of Salesforce metadata files: those of
// External Client Apps, and the Connected Apps that they replace.
//
// # One model for every type
//
// A [Component] is a type, a name and a tree of elements. Which types, fields,
// orders and values exist, and in which API version, is data: the [Table] that
// [Schema] returns. [Decode], [Encode] and [Table.Check] walk that table, so
// there is no struct, switch or template for any single metadata type, and a
// new API version is a change of the table alone.
//
// # Files
//
// Encode writes what an org's retrieve writes, byte for byte. [Read] finds the
// components of a file, a folder, an SFDX project or a zip by suffix and root
// element, whatever the folders are called; [Assemble] makes apps of them.
// [WriteTree] and [WriteZip] write them, whole or not at all.
//
// The package does no network I/O, prints nothing, and reads no environment.
package metadata
