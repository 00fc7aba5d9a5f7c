package main

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// TestFullDisk: no command says that all is fine when its output is lost.
func TestFullDisk(t *testing.T) {
	commands := []string{"--help", "version", "explain", "explain refused", "lab --list", "help lab", "lab --help",
		"completion bash", "completion zsh", "completion fish", "completion", "__complete --attach f"}
	if !withoutRoot {
		commands = append(commands, "doctor", "--duration 10ms", "lab closed-port", "selftest closed-port", "-o json --duration 10ms", "-w - --duration 10ms")
	}
	for _, args := range commands {
		t.Run(args, func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			p := command(t, strings.Fields(args)...)
			p.Stdout = full
			if code := p.finish(t); code != exitFailed || !strings.HasSuffix(p.stderr.String(), "no space left on device\n") {
				t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
			}
		})
	}
}

// TestSelftestIntoHead: the reader has seen enough, and it ends.
func TestSelftestIntoHead(t *testing.T) {
	needRoot(t)
	p := command(t, "selftest") // all of it: that takes minutes
	p.Stdout = nil
	output, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Errorf("no result: %v", err)
	}
	output.Close()
	if code := p.wait(t); code != exitFine || p.stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}
