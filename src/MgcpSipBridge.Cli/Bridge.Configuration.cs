using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>The files that the bridge was started with.</content>
internal sealed partial class Bridge
{
    /// <summary>Has them read again, or tells what that would change.</summary>
    public async Task ReloadAsync(bool validateOnly)
    {
        var client = new ConfigurationService.ConfigurationServiceClient(invoker);
        var done = await client.ReloadConfigurationAsync(new ReloadConfigurationRequest { ValidateOnly = validateOnly }, cancellationToken: cancel);
        if (done.Result == ReloadConfigurationResponse.Types.Result.Refused) ExitCode = ExitCodes.Failed;
        else if (validateOnly && done.Result == ReloadConfigurationResponse.Types.Result.Applied) ExitCode = ExitCodes.Different;
        if (writer.IsData)
        {
            writer.One(done);
            return;
        }

        foreach (var problem in done.Problems) writer.Text(problem + "\n");
        if (done.Problems.Count > 0) writer.Text("nothing was changed\n");
        else if (done.Result == ReloadConfigurationResponse.Types.Result.Unchanged) writer.Text("nothing to change\n");
        var changes = done.Changes.Select(c => (Verb: Text(c.Verb), c.Resource, Fields: Or(string.Join(' ', c.Fields))))
            .Concat(done.Settings.Select(s => (Verb: "UPDATE", Resource: s, Fields: "-"))).Concat(done.RestartNeeded.Select(s => (Verb: "RESTART NEEDED", Resource: s, Fields: "-"))).ToList();
        if (changes.Count > 0) writer.Many(done, changes, ["CHANGE", "WHAT", "FIELDS"], c => [c.Verb, c.Resource, c.Fields]);
    }
}
