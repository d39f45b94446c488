package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/config"
	"yibao/store"
)

func newCatalogue(outside *Outside, store *store.Store, now func() time.Time) *catalogue.Service {
	return catalogue.New(catalogue.Options{Upstream: outside.Insurer, Store: store, Now: now,
		Known: func(region string) bool { return outside.Regions.Region(region).Code != "" }})
}

// ImportCatalogues brings the catalogues of a region into the store, those that it tells; without any it is
// balance.ErrUnsupported. It needs no server, and may run beside one. See catalogue.Service.Import.
func ImportCatalogues(ctx context.Context, c *config.Config, log *slog.Logger, region string, everything bool, told func(catalogue.Progress)) error {
	keys, err := loadKeys(c)
	if err != nil {
		return err
	}
	outside, err := newOutside(c, log, time.Now, nil)
	if err != nil {
		return err
	}
	s, err := openStore(ctx, Options{Config: c, Log: log, Now: time.Now}, keys)
	if err != nil {
		return err
	}
	err = importAll(ctx, newCatalogue(outside, s, time.Now), region, everything, told)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return errors.Join(err, s.Close(closing))
}

// ImportCatalogues is the same in a running server.
func (a *App) ImportCatalogues(ctx context.Context, region string, told func(catalogue.Progress)) error {
	return importAll(ctx, a.Catalogue, region, false, told)
}

func importAll(ctx context.Context, service *catalogue.Service, region string, everything bool, told func(catalogue.Progress)) error {
	some := false
	for _, kind := range []catalogue.Kind{catalogue.Institutions, catalogue.Drugs} {
		err := service.Import(ctx, region, kind, everything, told)
		if errors.Is(err, balance.ErrUnsupported) {
			continue
		}
		if err != nil {
			return err
		}
		some = true
	}
	if !some {
		return balance.ErrUnsupported
	}
	return nil
}
