package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// repository is where the files are that are no pages.
const repository = "https://github.com/rsttrace/rsttrace"

// site is what was read of the repository.
type site struct {
	root     string
	pages    map[string]*page // by the path of their Markdown
	pictures map[string][]byte
}

// page is one page of the repository.
type page struct {
	name     string // the path of its Markdown
	url      string
	title    string
	source   []byte
	document ast.Node
	headings []heading
}

type heading struct {
	Level  int
	Anchor string
	Text   string
}

// skipped are folders without pages: what is built or left by tests, and data of tests.
func skipped(name string) bool {
	return name != "." && strings.HasPrefix(name, ".") || name == "bin" || name == "testdata" || strings.HasPrefix(name, "results")
}

// load reads every page.
func load(root string) (*site, error) {
	s := &site{root: root, pages: make(map[string]*page), pictures: make(map[string][]byte)}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".md":
			return nil
		}
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		s.pages[name], err = parse(name, source)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(s.pages) == 0 {
		return nil, fmt.Errorf("%s has no page", root)
	}
	return s, nil
}

// urlOf is where a page is on the site.
func urlOf(name string) string {
	folder, file := path.Split(name)
	if file == "README.md" {
		return folder + "index.html"
	}
	return folder + strings.TrimSuffix(file, ".md") + ".html"
}

func sourceURL(name string, folder bool) string {
	kind := "blob"
	if folder {
		kind = "tree"
	}
	return repository + "/" + kind + "/main/" + name
}

// target is what a link of a page becomes: a page or picture of the site, or a file in
// the repository.
func (s *site) target(from *page, destination string) (string, error) {
	to, err := url.Parse(destination)
	if err != nil || to.Scheme != "" || to.Path == "" {
		return destination, err
	}
	name := path.Join(path.Dir(from.name), to.Path)
	fragment := ""
	if to.Fragment != "" {
		fragment = "#" + to.Fragment
	}
	if p := s.pages[name]; p != nil {
		return between(from.url, p.url) + fragment, nil
	}
	file := filepath.Join(s.root, filepath.FromSlash(name))
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("the link %s leads nowhere", destination)
	}
	if index := s.pages[path.Join(name, "README.md")]; info.IsDir() && index != nil {
		return between(from.url, index.url) + fragment, nil
	}
	if extension := path.Ext(name); extension == ".png" || extension == ".svg" {
		s.pictures[name], err = os.ReadFile(file)
		return between(from.url, name), err
	}
	return sourceURL(name, info.IsDir()) + fragment, nil
}
