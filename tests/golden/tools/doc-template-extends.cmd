doc std.services.sonarr
