using System.Text.Json.Nodes;
using Google.Protobuf.Collections;
using Grpc.Core;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Provisioning.Import;

namespace MgcpSipBridge.Host.Api;

/// <summary>What the API made, as a whole.</summary>
internal sealed class ProvisioningResource(ProvisioningWrites writes, BridgeState state, ApiTurns turns) : V1.ProvisioningService.ProvisioningServiceBase
{
    public override Task<V1.ExportProvisioningResponse> ExportProvisioning(V1.ExportProvisioningRequest request, ServerCallContext context) =>
        Task.FromResult(new V1.ExportProvisioningResponse { Yaml = ProvisioningText.Write(state.Provisioned) });

    public override Task<V1.ApplyProvisioningResponse> ApplyProvisioning(V1.ApplyProvisioningRequest request, ServerCallContext context) =>
        writes.KeepAsync(() => turns.Texts.TakeAsync(() => ApplyAsync(request, context), stays: request.ValidateOnly));

    public override Task<V1.ImportProvisioningResponse> ImportProvisioning(V1.ImportProvisioningRequest request, ServerCallContext context) =>
        writes.KeepAsync(() => turns.Texts.TakeAsync(() => ImportAsync(request, context), stays: request.ValidateOnly));

    private async Task<V1.ApplyProvisioningResponse> ApplyAsync(V1.ApplyProvisioningRequest request, ServerCallContext context)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        var (response, most) = (new V1.ApplyProvisioningResponse(), AnswerSizes.Of(request.MaxAnswerBytes, context));
        try
        {
            await writes.ApplyAsync(now =>
            {
                var problems = new ConfigProblems();
                var wanted = ProvisioningText.Read(request.Yaml, now, problems);
                return problems.None ? Plan(wanted, now, response.Changes, request.Prune) : throw ApiErrors.Invalid("yaml", problems);
            }, request.ValidateOnly, context);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument && writes.Mistakes(request.Yaml, request.Prune) is { None: false } mistakes)
        {
            throw ApiErrors.Invalid("yaml", mistakes);
        }

        return AnswerSizes.Fit(response, most);
    }

    private async Task<V1.ImportProvisioningResponse> ImportAsync(V1.ImportProvisioningRequest request, ServerCallContext context)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        var most = AnswerSizes.Of(request.MaxAnswerBytes, context);
        if (Damaged(request) is > 0 and var line)
            throw ApiErrors.BadField("text", $"line {line} has symbols that could not be read (U+FFFD): the file was not UTF-8. Save it as UTF-8, as by iconv -f WINDOWS-1252 -t UTF-8, and import that");
        var defaults = new ImportDefaults(request.Peer, request.Mapping).Beside(
            [.. state.Provisioned.File.Gateways, .. state.Provisioned.Stored.Values.Select(one => one.Config).OfType<GatewayConfig>()]);
        var report = request.Format switch
        {
            V1.ImportProvisioningRequest.Types.Format.Asterisk => AsteriskImport.Read(request.Text, defaults),
            V1.ImportProvisioningRequest.Types.Format.Csv => CsvImport.Read(request.Text, defaults, cucm: false),
            V1.ImportProvisioningRequest.Types.Format.Cucm => CsvImport.Read(request.Text, defaults, cucm: true),
            _ => throw ApiErrors.BadField("format", "is missing"),
        };
        var response = new V1.ImportProvisioningResponse { Yaml = ProvisioningText.Write(report.Resources), RemarksLeftOut = report.LeftOut };
        response.Remarks.AddRange(report.Remarks.Select(r => new V1.ImportRemark
        {
            Line = r.Line,
            Subject = r.Subject,
            Option = r.Option,
            Outcome = r.Outcome switch
            {
                ImportOutcome.Mapped => V1.ImportRemark.Types.Outcome.Mapped,
                ImportOutcome.Ignored => V1.ImportRemark.Types.Outcome.Ignored,
                ImportOutcome.NoCounterpart => V1.ImportRemark.Types.Outcome.NoCounterpart,
                _ => V1.ImportRemark.Types.Outcome.Problem,
            },
            Text = r.Text,
        }));
        try
        {
            await writes.ApplyAsync(now => Plan([.. report.Resources.Select(r => Onto(r, now))], now, response.Changes, prune: false), request.ValidateOnly, context);
        }
        catch (RpcException e) when (request.ValidateOnly && e.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition)
        {
            // Who only asks wants to see all of it, and what is wrong too.
            response.Changes.Clear();
            response.Problems.AddRange(ApiErrors.Problems(e));
        }

        return AnswerSizes.Fit(response, most);
    }

    // The first line with a symbol that a reader of UTF-8 put where there was none; 0 for none. Where remarks are no data they may have some.
    private static int Damaged(V1.ImportProvisioningRequest request)
    {
        if (!request.Text.Contains('\uFFFD', StringComparison.Ordinal)) return 0;
        var number = 0;
        foreach (var line in request.Text.AsSpan().EnumerateLines())
        {
            number++;
            var end = request.Format == V1.ImportProvisioningRequest.Types.Format.Asterisk ? line.IndexOf(';') : -1;
            if ((end < 0 ? line : line[..end]).Contains('\uFFFD')) return number;
        }

        return 0;
    }

    // What somebody set at a line that is there already, and the file does not speak of, stays.
    private static KeptResource Onto(KeptResource given, Provisioned now) =>
        now.Stored.TryGetValue(given.Key, out var old) ? given with { Body = ResourceTree.Merge(old.Body, given.Body, null) } : given;

    private static List<StoreChange> Plan(IReadOnlyList<KeptResource> wanted, Provisioned now, RepeatedField<V1.ProvisioningChange> tell, bool prune)
    {
        var changes = new List<(StoreChange Change, V1.ProvisioningChange Told)>();
        foreach (var resource in wanted)
        {
            if (now.Says(resource.Key, resource.Body)) continue;
            if (now.Declared(resource.Key) is { } declared) throw ApiErrors.ReadOnly(resource.Key, declared.At);
            var body = (JsonObject)resource.Body.DeepClone();
            var told = new V1.ProvisioningChange { Verb = V1.ProvisioningChange.Types.Verb.Create, Resource = resource.Key.Path };
            if (now.Stored.TryGetValue(resource.Key, out var old))
            {
                if (!body.ContainsKey("password") && old.Body["password"] is { } kept) body["password"] = kept.DeepClone();
                told.Verb = V1.ProvisioningChange.Types.Verb.Update;
                told.Fields.AddRange(ResourceTree.Differences(old.Body, body));
                if (old.Gateway != resource.Gateway) told.Fields.Add("gateway");
                if (told.Fields.Count == 0) continue;
            }

            // An empty one is none.
            if (body["password"]?.ToString() is not { Length: > 0 }) body.Remove("password");
            changes.Add((new StoreChange(resource.Key, resource with { Body = body }), told));
        }

        if (prune)
        {
            var stay = wanted.Select(r => r.Key).ToHashSet();
            foreach (var key in now.Stored.Keys.Where(key => !stay.Contains(key)))
                changes.Add((new StoreChange(key, null), new V1.ProvisioningChange { Verb = V1.ProvisioningChange.Types.Verb.Delete, Resource = key.Path }));
        }

        changes.Sort((a, b) => (a.Change.Key.Kind, a.Change.Key.Name).CompareTo((b.Change.Key.Kind, b.Change.Key.Name)));
        foreach (var change in changes) tell.Add(change.Told);
        return [.. changes.Select(c => c.Change)];
    }
}
