package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// scene is the two children and what is known of their deaths.
type scene struct {
	dir, self, server       string // folder and binaries
	outside, store, address string // fixed addresses, so that a restart is found again
	log                     *os.File

	world, api *exec.Cmd
	kills      []time.Time // of the server
	keep       bool        // keep the folder, for looking at
}

func newScene(ctx context.Context) (*scene, error) {
	dir, err := os.MkdirTemp("", "yibao-crash-")
	if err != nil {
		return nil, err
	}
	s := &scene{dir: dir, server: filepath.Join(dir, "server")}
	if s.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", s.server, "yibao/cmd/server").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the server: %w: %s", err, out)
	}
	if s.log, err = os.Create(filepath.Join(dir, "children.log")); err != nil {
		return nil, err
	}
	return s, freeAddresses(&s.outside, &s.store, &s.address)
}

// freeAddresses fills in addresses that nobody listens on, all different.
func freeAddresses(into ...*string) error {
	for _, address := range into {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer func() { _ = listener.Close() }() // held until all are found
		*address = listener.Addr().String()
	}
	return nil
}

func (s *scene) data() string { return filepath.Join(s.dir, "data") }

func (s *scene) startBoth(ctx context.Context) error {
	return errors.Join(s.startWorld(ctx), s.startServer(ctx))
}

func (s *scene) startWorld(ctx context.Context) error {
	s.world = exec.Command(s.self, "-world", s.data(), s.outside, s.store, s.address)
	return s.begin(ctx, s.world, "http://"+s.outside+"/control/stats")
}

func (s *scene) startServer(ctx context.Context) error {
	s.api = exec.Command(s.server, "serve", "--config", filepath.Join(s.data(), "config.yaml"))
	return s.begin(ctx, s.api, "http://"+s.address+"/readyz")
}

// begin starts a child and waits until it answers.
func (s *scene) begin(ctx context.Context, child *exec.Cmd, url string) error {
	child.Stdout, child.Stderr = s.log, s.log
	if err := child.Start(); err != nil {
		return err
	}
	for range 300 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s did not come up; see %s", child.Path, s.log.Name())
}

// kill ends the server with kill -9, in even rounds the world in the same moment, and starts again what was killed.
func (s *scene) kill(ctx context.Context, round int) error {
	both := round%2 == 0
	s.kills = append(s.kills, time.Now())
	err := s.api.Process.Kill() // SIGKILL
	if both {
		err = errors.Join(err, s.world.Process.Kill())
		_ = s.world.Wait() // says "killed"
	}
	_ = s.api.Wait()
	if err != nil {
		return err
	}
	if both {
		err = s.startWorld(ctx)
	}
	return errors.Join(err, s.startServer(ctx))
}

// clean ends the children and deletes the folder; after a failure the folder stays, for looking at.
func (s *scene) clean() {
	for _, child := range []*exec.Cmd{s.api, s.world} {
		if child != nil && child.Process != nil {
			_ = child.Process.Kill()
			_ = child.Wait()
		}
	}
	_ = s.log.Close()
	if !s.keep {
		_ = os.RemoveAll(s.dir)
	}
}
