// Package rollback takes a migration back, and deletes old apps whose successors
// are proven.
//
// # Never without a way on
//
// Nothing is deleted as long as what takes its place is not there: a successor
// goes only while the Connected App is in the org, and a Connected App goes only
// once its successor is verified and nobody uses it any more.
//
// # Resumable
//
// What is left to be done is read of the org and of the files, every time. A run
// that was killed, at whatever step, is simply run again: a deploy that it left
// behind is waited for, and a file that it wrote is found.
package rollback
