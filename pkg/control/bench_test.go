package control

import (
	"fmt"
	"log/slog"
	"testing"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// thousands is a snapshot with so many files of one policy each.
func thousands(n int) source.Snapshot {
	var s source.Snapshot
	for i := range n {
		name := fmt.Sprintf("p%04d", i)
		s.Files = append(s.Files, at(name+".yaml", doc(name, name, "300ms")))
	}
	return s
}

// BenchmarkReload is one edit among 5,000 policies in as many files.
func BenchmarkReload(b *testing.B) {
	const policies = 5000
	for _, bench := range []struct {
		name  string
		files func(s *source.Snapshot) // besides the one that is edited
	}{
		{"all good", func(*source.Snapshot) {}},
		{"all broken", func(s *source.Snapshot) {
			for i := range s.Files {
				s.Files[i] = at(s.Files[i].Place, noYAML)
			}
		}},
		{"all in conflict", func(s *source.Snapshot) {
			for i := range s.Files {
				s.Files = append(s.Files, at("z"+s.Files[i].Place, string(s.Files[i].Data)))
			}
		}},
		{"all in conflict, twice", func(s *source.Snapshot) {
			for i := range s.Files[:policies/2] {
				// Two documents of one name, of which neither may have the host.
				for _, folder := range []string{"y", "z"} {
					s.Files = append(s.Files, at(folder+s.Files[i].Place, doc(fmt.Sprintf("q%04d", i), fmt.Sprintf("p%04d", i), "300ms")))
				}
			}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			state := newState(Options{Publish: func(*policy.Table) {}, Log: slog.New(slog.DiscardHandler)})
			snapshot := thousands(policies)
			state.reload(b.Context(), []source.Snapshot{snapshot})
			bench.files(&snapshot)
			state.reload(b.Context(), []source.Snapshot{snapshot})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				snapshot.Files[policies/2] = at(snapshot.Files[policies/2].Place, doc("edited", "edited", fmt.Sprintf("%dms", 100+i%100)))
				if s := state.reload(b.Context(), []source.Snapshot{snapshot}).status; len(s.Documents) < policies {
					b.Fatal(s)
				}
			}
		})
	}
}
