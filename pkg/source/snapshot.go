package source

import (
	"bytes"
	"slices"
	"time"
)

// File is one file of policy documents.
type File struct {
	Place     string    // where a person finds it: a path, or namespace/configmap/key
	Namespace string    // the namespace of its policies
	Created   time.Time // when it was created, if that has a meaning: the earlier one has precedence
	Data      []byte    // what is in it; nil with Err
	Err       error     // why it could not be read; it does not name the place
	Version   string    // of the object that it is a part of, as Object.Hash; "" for a file of its own
}

// Snapshot is everything that a source has, sorted by Created and then Place.
type Snapshot struct {
	Files []File
}

// Equal reports whether both snapshots hold the same files with the same content.
func (s Snapshot) Equal(other Snapshot) bool {
	return slices.EqualFunc(s.Files, other.Files, File.Equal)
}

// Equal reports whether both files have the same place and content, whatever the
// version of the object around them.
func (f File) Equal(other File) bool {
	return f.Place == other.Place && f.Namespace == other.Namespace &&
		f.Created.Equal(other.Created) &&
		errorText(f.Err) == errorText(other.Err) && bytes.Equal(f.Data, other.Data)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
