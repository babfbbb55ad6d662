// Package dockerfile reads what the last stage of a Dockerfile says of its image:
// user, ports, labels, environment, entrypoint. So an image that is made without
// an engine says the same, and it is written down once.
//
// It does not know how anything is built: stages before the last are not looked
// at, nor what is copied from them. It reads the small part of the language that
// such a stage needs, and refuses the rest.
package dockerfile
