package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

//go:embed assets
var assets embed.FS

// pageTemplate is the frame of each page.
var pageTemplate = template.Must(template.ParseFS(assets, "assets/page.html"))

// frame is what the template needs of a page.
type frame struct {
	Title    string
	Root     string // the way to the first page: "", or "../" for each folder
	Groups   []group
	Headings []heading // of the second level
	Body     template.HTML
	Source   string
	Previous *entry
	Next     *entry
}

// build gives the files of the site by their paths.
func build(root string) (map[string][]byte, error) {
	s, err := load(root)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	var sections []section
	order := s.order()
	for i, name := range order {
		p := s.pages[name]
		rendered, err := s.render(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f := frame{
			Title: p.title, Root: upwards(p.url), Groups: s.groups(p), Headings: p.second(),
			Body: template.HTML(rendered), Source: sourceURL(name, false),
		}
		if i > 0 {
			f.Previous = s.entry(order[i-1], p)
		}
		if i < len(order)-1 {
			f.Next = s.entry(order[i+1], p)
		}
		var out bytes.Buffer
		if err := pageTemplate.ExecuteTemplate(&out, "page.html", f); err != nil {
			return nil, err
		}
		files[p.url] = out.Bytes()
		sections = append(sections, p.sections()...)
	}
	for name, content := range s.pictures {
		files[name] = content
	}
	if files["search.js"], err = searchIndex(sections); err != nil {
		return nil, err
	}
	for _, name := range []string{"site.css", "site.js", "icon.svg"} {
		if files[name], err = fs.ReadFile(assets, "assets/"+name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// upwards is the way from a page to the root of the site.
func upwards(url string) string { return strings.Repeat("../", strings.Count(url, "/")) }

// between is the way from one page to a file.
func between(from, to string) string {
	here, there := strings.Split(path.Dir(from), "/"), strings.Split(to, "/")
	if here[0] == "." {
		here = nil
	}
	for len(here) > 0 && len(there) > 1 && here[0] == there[0] {
		here, there = here[1:], there[1:]
	}
	return strings.Repeat("../", len(here)) + strings.Join(there, "/")
}
