//! aws-smithy-runtime: the lazy cache of identities, over a resolver that asks the provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::identity::{
    Identity, IdentityFuture, ResolveCachedIdentity, ResolveIdentity, SharedIdentityCache,
    SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;

use super::{Failure, Keeper, Subject};
use crate::idp::Idp;

pub struct LazyCache;

struct Aws {
    cache: SharedIdentityCache,
    resolver: SharedIdentityResolver,
    components: RuntimeComponents,
    config: ConfigBag,
}

/// Asks the provider without a network between: the cache is what is compared.
#[derive(Debug)]
struct Asks(Idp);

impl ResolveIdentity for Asks {
    fn resolve_identity<'a>(
        &'a self,
        _components: &'a RuntimeComponents,
        _config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async {
            match self.0.give().await {
                Ok(given) => Ok(Identity::new(given.token, Some(given.expires_at))),
                Err(status) => Err(format!("the provider answered {status}").into()),
            }
        })
    }
}

#[async_trait]
impl Subject for LazyCache {
    fn name(&self) -> &'static str {
        "aws-smithy-runtime 1.16.2 `LazyCache`"
    }

    /// It renews 5 to 10 s before the end.
    fn renewing(&self) -> (Duration, Duration) {
        (Duration::from_secs(4), Duration::from_millis(100))
    }

    async fn keeper(&self, idp: &Idp) -> Result<Arc<dyn Keeper>, Failure> {
        let components = RuntimeComponentsBuilder::for_tests()
            .with_time_source(Some(SystemTimeSource::new()))
            .with_sleep_impl(Some(TokioSleep::new()))
            .build()?;
        Ok(Arc::new(Aws {
            cache: IdentityCache::lazy().build(),
            resolver: SharedIdentityResolver::new(Asks(idp.clone())),
            components,
            config: ConfigBag::base(),
        }))
    }
}

#[async_trait]
impl Keeper for Aws {
    async fn token(&self) -> Result<(), Failure> {
        let resolver = self.resolver.clone();
        self.cache
            .resolve_cached_identity(resolver, &self.components, &self.config)
            .await?;
        Ok(())
    }
}
