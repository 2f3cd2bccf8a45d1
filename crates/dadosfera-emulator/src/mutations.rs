//! The rules that can be taken away, one at a time: what proves that whoever looks for a broken rule would find it.
//!
//! Each mutation is named where its rule stands, as `has(Mutation::…)`; off, that is one comparison of two bytes. An
//! emulator with a mutation is no emulator of the API, so it says so wherever it says what it is.

use serde::{Deserialize, Serialize};

macro_rules! mutations {
    ($($variant:ident $name:literal, $fact:literal, $breaks:literal;)+) => {
        /// One rule taken away.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Mutation {
            $(
                #[doc = $breaks]
                #[serde(rename = $name)]
                $variant,
            )+
        }

        impl Mutation {
            /// All of them, by subject.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on a command line and in a seed file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What an emulator with it does.
            #[must_use]
            pub const fn breaks(self) -> &'static str {
                match self {
                    $(Self::$variant => $breaks,)+
                }
            }

            /// The section of the facts on the API that says otherwise.
            #[must_use]
            pub const fn fact(self) -> &'static str {
                match self {
                    $(Self::$variant => $fact,)+
                }
            }
        }
    };
}

/// The mutation that is on, if one is: a copy lies with each part of the state whose rules can be taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mutations(Option<Mutation>);

impl Mutation {
    /// The mutation with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}

impl Mutations {
    pub(crate) fn new(mutation: Option<Mutation>) -> Self {
        Self(mutation)
    }

    pub(crate) fn has(self, mutation: Mutation) -> bool {
        self.0 == Some(mutation)
    }
}

mutations! {
    // Credentials.
    BearerAccepted "bearer-accepted", "1.1 bare token", "a token behind `Bearer ` signs a request too";
    CredentialsNotAskedFor "credentials-not-asked-for", "1.1, 1.5", "a request without credentials is a 403 in place of a 401";
    TokenAndKeyAccepted "token-and-key-accepted", "1.1 never together", "of a token and an API key, the key counts";
    TokensNeverExpire "tokens-never-expire", "1.2 life", "an access token works for ever";
    TokenLivesASecondLonger "token-lives-a-second-longer", "1.2 life", "an access token works in the second of its exp";
    TokenDiesASecondEarly "token-dies-a-second-early", "1.2 life", "an access token stops a second before its exp";
    TokenLifeIsAnHour "token-life-is-an-hour", "1.2 30 minutes", "an access token lives twice as long as is documented";
    TokenWithoutItsAlgorithm "token-without-its-algorithm", "1.2 ES512", "tokens claim another algorithm";
    ForgedTokenAccepted "forged-token-accepted", "1.2 signed", "the signature of a token is not looked at";

    // Sign-in.
    EmailForUsername "email-for-username", "1.2 `email` gives 400", "sign-in takes `email` for `username`";
    MfaStatusAlwaysRequired "mfa-status-always-required", "1.2 mfaStatus", "mfaStatus is `required` beside tokens";
    AnyPassword "any-password", "1.2 wrong password 401", "any password signs in";
    DisabledUsersSignIn "disabled-users-sign-in", "1.2 disabled 403", "a disabled account signs in";
    AttemptsNotCounted "attempts-not-counted", "1.2 too many attempts 429", "wrong passwords are not counted";
    RetryAfterTooShort "retry-after-too-short", "1.2 429", "Retry-After of a closed door is a second";
    CodeWorksTwice "code-works-twice", "1.2 totp", "a one-time code signs in twice";
    CodeNotAskedFor "code-not-asked-for", "1.2 MFA on", "whoever has MFA signs in without a code";
    UserBeforeTheCode "user-before-the-code", "1.2 MFA on: no user", "the user is shown before the code is given";

    // Refresh.
    RefreshAnswersADeadToken "refresh-answers-a-dead-token", "1.3", "the token that a refresh answers signs nothing";
    RefreshFormSwapped "refresh-form-swapped", "1.3 answer", "a refresh answers in the form that was not chosen";
    RefreshNeedsNoCustomer "refresh-needs-no-customer", "1.3 customerName", "a refresh without customerName is taken";
    RefreshOfAnyCustomer "refresh-of-any-customer", "1.3 customerName", "a refresh with another customer's name is taken";
    RefreshTokensNeverExpire "refresh-tokens-never-expire", "1.3 401 when expired", "a refresh token works for ever";
    RefreshTokenSigns "refresh-token-signs", "1.1 accessToken", "a refresh token signs requests";
    AccessTokenRefreshes "access-token-refreshes", "1.3 refreshToken", "an access token refreshes";
    RotationAnswersTheOldOne "rotation-answers-the-old-one", "1.3 a new refreshToken", "a rotated refresh token is the old one";
    RefreshTokenWorksTwice "refresh-token-works-twice", "1.3 rotation (inferred)", "a single-use refresh token works twice";
    ReplayRevokesNothing "replay-revokes-nothing", "1.3 rotation (inferred)", "a replay leaves the other tokens of the sign-in alive";

    // API keys.
    KeyIsItsMask "key-is-its-mask", "1.4 shown once", "the mask of a key is the key";
    MaskIsShort "mask-is-short", "1.4 mask", "the mask has three asterisks whatever the key's length";
    KeyReachesEverything "key-reaches-everything", "1.4, 1.1", "a key may do what its maker may";
    DeletedKeyLives "deleted-key-lives", "1.4 DELETE", "a deleted key works on";
    KeyDeletedTwice "key-deleted-twice", "1.4 404", "the second deletion of a key is a 204 too";
    UnknownPermissionLeftOut "unknown-permission-left-out", "1.4 Invalid permission IDs", "an unknown permission id is left out and the key made";

    // Permissions.
    PermissionsNotChecked "permissions-not-checked", "1.5", "whoever has signed in may do everything";
    ReadersMayWrite "readers-may-write", "1.5 names", "whoever may read pipelines may change them";
    ListedPermissionIsNotHeld "listed-permission-is-not-held", "1.5, 1.2 permissions", "what sign-in lists as `catalog:edit` does not let edit";

    // Tenants.
    ForeignPipelineIsForbidden "foreign-pipeline-is-forbidden", "3 customer comes from the token", "another customer's pipeline is a 403, so one learns that it is there";
    ForeignPipelineIsRead "foreign-pipeline-is-read", "3 customer comes from the token", "another customer's pipeline is read";
    ForeignConnectionIsDeleted "foreign-connection-is-deleted", "5", "another customer's connection is deleted";
    ForeignAssetIsRead "foreign-asset-is-read", "4", "another customer's asset is read";
    ForeignJobIsReset "foreign-job-is-reset", "3 customer comes from the token", "another customer's job is reset";
    PipelinesOfAllAreListed "pipelines-of-all-are-listed", "3 customer comes from the token", "the list of pipelines has those of all customers";
    TotalCountsAllCustomers "total-counts-all-customers", "4 total", "the catalog's total counts every customer's assets";
    NamesAreUniqueForAll "names-are-unique-for-all", "3 unique per customer", "a pipeline's name is taken if any customer has it";

    // Ids.
    HyphensAreNotUnderstood "hyphens-are-not-understood", "3 Ids", "an id with hyphens names no pipeline";
    AnswersSpellWithHyphens "answers-spell-with-hyphens", "3 Ids", "execute answers an id with hyphens";
    IdsMustBeUuids "ids-must-be-uuids", "3 Ids", "a pipeline's id must be a UUID";
    StrangeIdCrashes "strange-id-crashes", "2, 3", "an id with a quote in it is a 500";

    // Pipelines.
    CreatedPaused "created-paused", "3 POST pipeline", "a new pipeline is paused";
    DescriptionIsLost "description-is-lost", "3 POST pipeline", "the description of a new pipeline is lost";
    NameTakenTwice "name-taken-twice", "3 name unique per customer", "a name that is taken is taken again";
    TakenIdReplaces "taken-id-replaces", "3 id", "a pipeline with an id that is taken replaces the other";
    ConnectorsMixed "connectors-mixed", "3 job input", "jobs of one pipeline may have two connectors";
    RefusedPipelineIsMade "refused-pipeline-is-made", "3 400", "a pipeline that is refused for its connectors is made all the same";
    PatchForgets "patch-forgets", "3 PATCH", "a PATCH without a cron takes it away";
    ReadOnlyIsIgnored "read-only-is-ignored", "3 PATCH read only", "a PATCH of what is read only is a 200";
    UpdatedAtStands "updated-at-stands", "3 updated_at", "a PATCH leaves updated_at as it was";
    PauseDoesNothing "pause-does-nothing", "3 pause", "pause answers 200 and pauses nothing";
    PausedTwice "paused-twice", "3 PipelineAlreadyPaused", "the second pause is a 200 too";
    PausedExecutes "paused-executes", "3 PipelinePaused", "a paused pipeline executes";
    DeleteNeedsNoCustomer "delete-needs-no-customer", "3 DELETE", "a deletion needs no customer_name";
    DeletedPipelineStays "deleted-pipeline-stays", "3 DELETE", "a deletion answers 200 and deletes nothing";
    DeletionTakesTables "deletion-takes-tables", "3 leaves destination tables", "the tables that a pipeline landed go with it";
    DeletionTakesConnections "deletion-takes-connections", "3 leaves connections", "the connection that a pipeline reads through goes with it";
    RunsOutliveTheirPipeline "runs-outlive-their-pipeline", "3 DELETE removes runs", "the runs of a pipeline that is not there are an empty list";
    ExecutesWhatIsDeleted "executes-what-is-deleted", "3 execute 404", "a pipeline that is not there is said to execute";
    MissingIdIsNotFound "missing-id-is-not-found", "3 pipeline_id is required", "execute without a pipeline_id is a 404";

    // Runs.
    RunsNeverEnd "runs-never-end", "3 last_status", "a run stays RUNNING";
    RunGoesBack "run-goes-back", "3 last_status", "a run that ended is RUNNING again when the next one starts";
    FailureHasNoTrace "failure-has-no-trace", "3 trace", "a failed run has no trace";
    FailureIsASuccess "failure-is-a-success", "3 FAILED", "a run that fails says SUCCESS";
    ExecutionIsDropped "execution-is-dropped", "3 the new execution queues", "an execution while a run is under way is forgotten";
    OldestRunFirst "oldest-run-first", "3 newest first", "runs are listed oldest first";
    PauseEndsTheRun "pause-ends-the-run", "3 running executions finish", "a pause ends the run under way";
    UnpauseForgetsTheQueue "unpause-forgets-the-queue", "3 the new execution queues", "what waited is forgotten when a pipeline is unpaused";
    ScheduleNeverFires "schedule-never-fires", "3 cron", "a pipeline with a cron never runs by itself";
    ScheduleOutlivesItsCron "schedule-outlives-its-cron", "3 null = manual", "a pipeline whose cron was taken away runs on";
    AnyRunIsFound "any-run-is-found", "3 pipeline_run 404", "a run that nobody started is the latest one";

    // Jobs.
    EveryModeResets "every-mode-resets", "3 sync-mode state", "a change between the incremental modes resets the state";
    ModeWithoutItsColumn "mode-without-its-column", "3 sync-mode", "an incremental mode needs no column";
    RefusedModeCounts "refused-mode-counts", "3 sync-mode", "a mode that is refused is the job's all the same";
    ColumnsAreReplaced "columns-are-replaced", "3 union", "column_include_list of a patch replaces what was there";
    ColumnsRepeat "columns-repeat", "3 union", "a column that was there is in the list twice";
    ResetIsTerse "reset-is-terse", "3 reset-state", "reset does not say what the next execution does";
    LandingInCapitals "landing-in-capitals", "3 landing table", "tables land with a code in capitals";
    QualifiedLandsInPublic "qualified-lands-in-public", "3 qualify STAGED", "qualified rows land in PUBLIC";
    MemoryWithoutLimit "memory-without-limit", "3 at most 12000", "a pipeline's memory has no limit";
    RefusedMemoryCounts "refused-memory-counts", "3 memory 400", "an amount that is refused is the job's all the same";

    // Bodies.
    AnyMediaType "any-media-type", "inferred: bodies", "a body of another media type is read as JSON";
    LargeBodyIsWrong "large-body-is-wrong", "inferred: bodies", "a body that is too large is a 400";
    HalfABodyCrashes "half-a-body-crashes", "2", "half of a JSON body is a 500";

    // Connections.
    ConnectionShowsItsPassword "connection-shows-its-password", "5 write-only", "a new connection is answered with its password";
    ChangeForgetsThePassword "change-forgets-the-password", "5 write-only", "a change without the password takes it away";
    ConnectionInUseIsDeleted "connection-in-use-is-deleted", "5, 3", "a connection that a pipeline uses is deleted";
    ConsentCountsTwice "consent-counts-twice", "5 oauth (inferred)", "the state of a consent makes a second connection";
    ConsentForAnybody "consent-for-anybody", "5 oauth (inferred)", "the state of a consent works for another user";

    // Catalog.
    EveryPageIsTheFirst "every-page-is-the-first", "4 page", "every page of the catalog is the first";
    PagesRepeat "pages-repeat", "4 page", "a page begins with the last asset of the one before";
    PagesDrop "pages-drop", "4 page", "between two pages an asset is lost";
    TotalOfThePage "total-of-the-page", "4 total is the full count", "the total counts the assets of the page";
    OrderIsIgnored "order-is-ignored", "4 order", "the catalog is always ascending";
    LimitIsHonoured "limit-is-honoured", "4 `limit` yields an empty list", "`limit` does nothing to the catalog";
    SearchIsExact "search-is-exact", "4 search", "a search looks at the case of letters";
    TypeIsNotFiltered "type-is-not-filtered", "4 data_asset_type", "data_asset_type filters nothing";
    SameAssetIsMerged "same-asset-is-merged", "4 no de-duplication", "an asset of a name that is there is that one";
    PutForgets "put-forgets", "4 PUT partial", "a PUT without tags takes them away";
    BadTagsCount "bad-tags-count", "4 objects give 500", "a PUT with tags that are refused changes the rest";
    DocsLoseTheirMarkup "docs-lose-their-markup", "4 docs", "documentation comes back without its bold words";
    DocsAreShared "docs-are-shared", "4 docs", "documentation is that of every asset";
    AnyCertification "any-certification", "4 can be refused", "any certification_status is taken";
    CertificationSticks "certification-sticks", "4 null is the default", "a certification cannot be taken back";
    ColumnsHaveNoTypes "columns-have-no-types", "4 columns-metadata", "every column's type is VARCHAR in the metadata";
    StatsCountNulls "stats-count-nulls", "4 include_stats", "the nulls of a column count as none";
    PreviewIgnoresOffset "preview-ignores-offset", "4 preview", "a preview begins at the first row";
    PreviewIgnoresColumns "preview-ignores-columns", "4 preview", "a preview shows every column";

    // Storage.
    RangesAreIgnored "ranges-are-ignored", "6 Range", "a range is answered with the whole file";
    RangeIsOneShort "range-is-one-short", "6 Range", "a range ends a byte early";
    EveryColumnIsText "every-column-is-text", "6 types", "the columns of a dataset are all VARCHAR";
    HeaderIsARow "header-is-a-row", "6", "the header of a file counts as a row";
    DatasetIsNotAdded "dataset-is-not-added", "6 tables datasets", "a dataset is only said to be added to a table";
    AnyDatasetFits "any-dataset-fits", "6 columns", "a dataset that does not fit is said to be added to a table";
    UploadWithoutLimit "upload-without-limit", "6 limited to 250 MB", "an upload has no limit";
    UploadKeepsTheOldFile "upload-keeps-the-old-file", "6", "a file that is there is not replaced";

    // Users, customers, health, language.
    TooManyUsersAreCut "too-many-users-are-cut", "1.5 at most 50 users", "of 51 users, 50 are created";
    TakenNamesAreSkipped "taken-names-are-skipped", "7", "of users of which one is taken, the others are created";
    CustomersSeeAll "customers-see-all", "7", "everybody sees every customer";
    HealthIsDown "health-is-down", "7 health", "health says `error`";
    EverythingInPortuguese "everything-in-portuguese", "1.1 dadosfera-lang", "errors are Portuguese whatever was asked for";
    LanguageInSmallLetters "language-in-small-letters", "1.1 any case", "dadosfera-lang is understood in small letters only";

    // What holds for all things.
    TableIdsAreReused "table-ids-are-reused", "6 (ids, inferred)", "a new table has the id of the deleted one";
    DatasetIdsLeadNowhere "dataset-ids-lead-nowhere", "6 datasetId", "the datasetId of an upload is nobody's";
    AssetIsDeletedTwice "asset-is-deleted-twice", "4 DELETE", "the second deletion of an asset is a 200 too";
    RefusedTableIsMade "refused-table-is-made", "6", "a table whose columns are refused is made without them";
    ChangeIsOnlyEchoed "change-is-only-echoed", "4 PUT", "a changed asset is answered and not kept";
    ConnectionOlderThanItself "connection-older-than-itself", "5 updated_at", "a connection was changed before it was made";
    WalkSeesANewPage "walk-sees-a-new-page", "4 order", "the catalog by created_at begins with the newest, whatever order is asked for";

    // The form of answers.
    StatusNotListed "status-not-listed", "3 POST pipeline", "a pipeline that was made is a 202";
    WriteIsAccepted "write-is-accepted", "3 pause", "a pause is a 202";
    ReadIsPartial "read-is-partial", "5", "the list of connections is a 206";
    ServerError "server-error", "3", "the older list of pipelines is a 500";
    HtmlForJson "html-for-json", "4", "an asset is answered as HTML";
    NoContentType "no-content-type", "1.4", "the list of API keys has no content type";
    HalfAnAnswer "half-an-answer", "3", "the list of pipelines is half of its JSON";
    ListIsAnObject "list-is-an-object", "3 bare array", "the list of pipelines is an object";
    BodyWithADeletion "body-with-a-deletion", "4 DELETE 200", "the deletion of an asset is answered with a body";
    FieldIsMissing "field-is-missing", "3 list", "a listed pipeline has no last_status";
    FieldIsAText "field-is-a-text", "3 id: int", "a run's number is a text";
    TimeIsNone "time-is-none", "3 created_at", "a run's created_at is no time";
    EnvelopeIsOpen "envelope-is-open", "2 five shapes", "a 404 of the platform comes in the gateway's shape";
    RangeWithoutItsHeader "range-without-its-header", "6 Range", "a 206 has no Content-Range";
    RangeHeaderIsWrong "range-header-is-wrong", "6 Range", "Content-Range is no range";
    TokenIsEchoed "token-is-echoed", "1, 2", "a 401 repeats the token that it refuses";
    PasswordIsEchoed "password-is-echoed", "1.2", "a refused sign-in repeats the password";
    ConnectionIsDropped "connection-is-dropped", "2 drops connections", "health never answers";
    UnknownField "unknown-field", "3 runs", "a run has a field that nobody documented";
    UnknownWord "unknown-word", "3 last_status", "a run that succeeded is SKIPPED";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_has_a_name_of_its_own_and_says_what_it_breaks_where() {
        for mutation in Mutation::ALL {
            assert_eq!(Mutation::named(mutation.name()), Some(*mutation));
            let name = mutation.name();
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{name}"
            );
            assert!(
                !mutation.breaks().is_empty() && !mutation.fact().is_empty(),
                "{name}"
            );
        }
        assert!(Mutation::ALL.len() >= 80, "{}", Mutation::ALL.len());
        assert_eq!(Mutation::named(""), None);
    }

    #[test]
    fn only_the_mutation_that_is_on_is_on() {
        let on = Mutations::new(Some(Mutation::PatchForgets));
        assert!(on.has(Mutation::PatchForgets) && !on.has(Mutation::PutForgets));
        assert!(!Mutations::default().has(Mutation::PatchForgets));
    }
}
