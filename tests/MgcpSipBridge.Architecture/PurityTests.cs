using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace MgcpSipBridge.Architecture;

/// <summary>
/// The truth about the pure rooms, read from the compiled assemblies: the analyzer (<see cref="BannedSymbolsTests"/>) sees calls while one types,
/// this sees whatever was only named in a signature or a field as well.
/// </summary>
public sealed class PurityTests
{
    public static TheoryData<string> PureRooms => Rooms.PureRooms;

    [Theory]
    [MemberData(nameof(PureRooms))]
    public void A_pure_room_names_no_type_that_touches_the_world(string room)
    {
        using var assembly = new PEReader(File.OpenRead(Rooms.AssemblyPath(room)));
        Findings.None(Violations(assembly.GetMetadataReader()));
    }

    [Fact]
    public void The_reader_finds_what_this_test_assembly_itself_does()
    {
        using var assembly = new PEReader(File.OpenRead(typeof(PurityTests).Assembly.Location));
        var found = Violations(assembly.GetMetadataReader());
        Assert.Contains("System.IO.File", found);
        Assert.Contains("System.Diagnostics.Process", found);
        Assert.DoesNotContain("System.String", found);
    }

    [Theory]
    [MemberData(nameof(PureRooms))]
    public void A_pure_room_uses_its_rooms_and_the_base_library_alone(string room)
    {
        using var assembly = new PEReader(File.OpenRead(Rooms.AssemblyPath(room)));
        var reader = assembly.GetMetadataReader();
        var strangers = reader.AssemblyReferences
            .Select(r => reader.GetString(reader.GetAssemblyReference(r).Name))
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal))
            .Except(Rooms.Arrows[room].Select(r => $"MgcpSipBridge.{r}"));
        Findings.None(strangers);
    }

    [Theory]
    [MemberData(nameof(PureRooms))]
    public void A_pure_room_has_no_static_state_that_changes(string room)
    {
        const BindingFlags EveryStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var fields = Rooms.Load(room).GetTypes()
            .SelectMany(t => t.GetFields(EveryStatic))
            .Where(f => !f.IsLiteral && !Rooms.IsGenerated(f) && (!f.IsInitOnly || IsGrowingCollection(f.FieldType)))
            .Select(f => $"{f.DeclaringType}.{f.Name}");
        Findings.None(fields);
    }

    private static bool IsGrowingCollection(Type type) =>
        type.IsGenericType && type.Namespace == "System.Collections.Generic" && type is { IsInterface: false, IsValueType: false };

    private static List<string> Violations(MetadataReader reader)
    {
        var found = new List<string>();
        foreach (var handle in reader.TypeReferences)
        {
            var name = FullName(reader, handle);
            if (Forbidden.Type(name) && !OnlyHarmlessUse(reader, handle, name)) found.Add(name);
        }

        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference) continue;
            var name = $"{FullName(reader, (TypeReferenceHandle)member.Parent)}.{reader.GetString(member.Name)}";
            if (Forbidden.Member(name)) found.Add(name);
        }

        return found;
    }

    // An iterator (`yield return`) asks for the thread that made it: the compiler's code, not ours. An array without zeroing is an array.
    private static bool OnlyHarmlessUse(MetadataReader reader, TypeReferenceHandle type, string name)
    {
        var harmless = name switch
        {
            "System.Environment" => "get_CurrentManagedThreadId",
            "System.GC" => "AllocateUninitializedArray",
            _ => null,
        };
        var used = reader.MemberReferences.Select(reader.GetMemberReference).Where(m => m.Parent == type).Select(m => reader.GetString(m.Name)).ToList();
        return used.Count > 0 && used.TrueForAll(m => m == harmless);
    }

    private static string FullName(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        var name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{FullName(reader, (TypeReferenceHandle)type.ResolutionScope)}+{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }
}
