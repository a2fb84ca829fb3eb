using System.Xml.Linq;

namespace MgcpSipBridge.Architecture;

/// <summary>The arrows between the projects, as the project files draw them.</summary>
public sealed class ProjectTests
{
    private static readonly string[] Projects = [.. Repository.Matching("", ".csproj")];

    public static TheoryData<string> SourceProjects => [.. Projects.Where(p => p.StartsWith("src/", StringComparison.Ordinal)).Select(Room)];

    public static TheoryData<string> AllProjects => [.. Projects];

    [Fact]
    public void Every_room_of_the_plan_stands_and_no_other() =>
        Assert.Equal(Rooms.Arrows.Keys.Order(), Projects.Where(p => p.StartsWith("src/", StringComparison.Ordinal)).Select(Room).Order());

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_room_uses_the_rooms_of_the_plan(string room) =>
        Assert.Equal(Rooms.Arrows[room].Order(), References($"src/MgcpSipBridge.{room}/MgcpSipBridge.{room}.csproj").Select(Room).Order());

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_reference_names_a_project_of_src(string project) =>
        Assert.All(References(project), r => Assert.Contains(r, Projects.Where(p => p.StartsWith("src/", StringComparison.Ordinal))));

    [Fact]
    public void A_pure_room_needs_no_package() =>
        Assert.All(Rooms.Pure, room => Assert.Empty(Load($"src/MgcpSipBridge.{room}/MgcpSipBridge.{room}.csproj").Descendants("PackageReference")));

    [Fact]
    public void Only_the_relay_may_be_unsafe()
    {
        var unsafeOnes = Projects.Where(p => Repository.Read(p).Contains("AllowUnsafeBlocks", StringComparison.Ordinal));
        Assert.Equal(["src/MgcpSipBridge.Relay/MgcpSipBridge.Relay.csproj"], unsafeOnes);
        Assert.DoesNotContain("AllowUnsafeBlocks", Repository.Read("Directory.Build.props") + Repository.Read("Directory.Build.targets"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_locks_its_packages_and_stands_in_the_solution(string project)
    {
        Assert.Contains(Path.GetDirectoryName(project)!.Replace('\\', '/') + "/packages.lock.json", Repository.Files);
        Assert.Contains(project, Repository.Read("MgcpSipBridge.sln").Replace('\\', '/'), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_leaves_versions_and_rigour_to_the_root(string project)
    {
        var text = Repository.Read(project);
        Assert.All(Load(project).Descendants("PackageReference"), p => Assert.Null(p.Attribute("Version")));
        string[] roots = ["TargetFramework", "Nullable", "TreatWarningsAsErrors", "AnalysisLevel", "WarningsNotAsErrors"];
        Assert.All(roots, r => Assert.DoesNotContain($"<{r}>", text, StringComparison.Ordinal));
    }

    private static IEnumerable<string> References(string project) =>
        Load(project).Descendants("ProjectReference")
            .Select(r => Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, r.Attribute("Include")!.Value)))
            .Select(full => Path.GetRelativePath(Repository.Root, full).Replace('\\', '/'));

    private static XDocument Load(string project) => XDocument.Parse(Repository.Read(project));

    private static string Room(string project) => Path.GetFileNameWithoutExtension(project)["MgcpSipBridge.".Length..];
}
