package admin

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// page is one path and what it serves. A path that ends in a slash serves
// everything beneath it.
type page struct {
	Path    string
	About   string // a line on the index
	Handler http.Handler
}

// handler serves pages, an index of them at /, and for every other path a 404
// that names them. Nothing here changes anything, so only GET and HEAD pass.
func handler(title string, pages []page) http.Handler {
	mux := http.NewServeMux()
	for _, p := range pages {
		mux.Handle(p.Path, p.Handler)
	}
	mux.Handle("/{$}", index(title, pages))
	mux.Handle("/", missing(pages))
	return readOnly(mux)
}

// readOnly refuses every method that could ask for a change.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			plain(w, http.StatusMethodNotAllowed, r.Method+" is not served here: use GET or HEAD")
			return
		}
		next.ServeHTTP(w, r)
	})
}

var indexPage = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body>
<h1>{{.Title}}</h1>
<ul>
{{range .Pages}}<li><a href="{{.Path}}">{{.Path}}</a> {{.About}}</li>
{{end}}</ul>
</body>
</html>
`))

// index lists the pages.
func index(title string, pages []page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = indexPage.Execute(w, struct { // the client went away: nobody is left to tell
			Title string
			Pages []page
		}{title, pages})
	})
}

// missing answers every path that is no page's with the paths there are.
func missing(pages []page) http.Handler {
	paths := make([]string, len(pages))
	for i, p := range pages {
		paths[i] = p.Path
	}
	list := strings.Join(paths, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain(w, http.StatusNotFound, "no page "+strconv.Quote(r.URL.Path)+" here; there are "+list)
	})
}
