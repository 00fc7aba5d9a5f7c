package manpage

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// tree is a command with all that its page must not break.
func tree() *cobra.Command {
	root := &cobra.Command{
		Use: "tool [FILTER]", Short: "Look - and see", Run: func(*cobra.Command, []string) {},
		Long:    "tool reads C:\\files.\n.hidden begins with a dot, 'quoted' with a quote.\n\n  a   table\n  of *stars*_\n\nThe end.",
		Example: "  tool 'a\\,b'   # a comment\n  tool --flag \"x\"",
	}
	root.Flags().StringP("write", "w", "out.txt", "write to this `file`")
	root.Flags().Bool("quiet", false, "say nothing for 5 µs")
	root.Flags().Bool("secret", false, "not for everybody")
	if err := root.Flags().MarkHidden("secret"); err != nil {
		panic(err)
	}
	root.AddCommand(&cobra.Command{Use: "sub", Short: "Do less", Long: "sub does less.", Run: func(*cobra.Command, []string) {}})
	return root
}

func TestPages(t *testing.T) {
	pages := Pages(tree())
	if len(pages) != 2 || pages["tool.1"] == "" || pages["tool-sub.1"] == "" {
		t.Fatalf("pages: %q", pages)
	}
	for _, want := range []string{
		`tool \- Look \- and see`, `C:\efiles.`, `\&.hidden`, `\fB\-w\fR, \fB\-\-write\fR \fIfile\fR`, `write to this file (default out.txt)`,
		`\fBtool\-sub\fR(1)`, `5 \[u00B5]s`,
	} {
		if !strings.Contains(pages["tool.1"], want) {
			t.Errorf("the page lacks %q:\n%s", want, pages["tool.1"])
		}
	}
	if strings.Contains(pages["tool.1"], "secret") {
		t.Error("a hidden flag is in the page")
	}
}

// TestAsShown: man shows what the help says.
func TestAsShown(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not installed")
	}
	groff := exec.Command("groff", "-man", "-Tutf8", "-P-cbou", "-ww")
	groff.Stdin = strings.NewReader(Pages(tree())["tool.1"])
	out, err := groff.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	shown := string(out)
	for _, want := range []string{
		`tool reads C:\\files\. +\.hidden begins with a dot, 'quoted' with a quote\.`, `(?m)^ {9,}a   table\n +of \*stars\*_$`,
		`(?m)^ +tool 'a\\,b'   # a comment\n +tool --flag "x"$`, `-w, --write file`, `SYNOPSIS\n +tool \[FILTER\] \[flags\]`,
	} {
		if !regexp.MustCompile(want).MatchString(shown) {
			t.Errorf("no %s in what man shows:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "warning") {
		t.Errorf("groff complains:\n%s", shown)
	}
}
