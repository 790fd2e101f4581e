#!/usr/bin/perl

# Tests for conf/apparmor-nginx: it lets nginx have the files that docs/ and
# conf/ name, those of a binary upgrade, and what the module reads of the system.

use warnings;
use strict;

use Test::More;

use FindBin;

my $top = "$FindBin::Bin/..";
my %rules;

# paths with their permissions; "*" is for all of a directory, "**" for what is
# below, too

for (split /\n/, slurp("$top/conf/apparmor-nginx")) {
    my ($path, $modes) = m{^\s+(\S*/\S*) ([a-z]+),$} or next;

    $path =~ s/\@\{PROC\}/\/proc/;
    $path = join '', map { $_ eq '**' ? '.*' : $_ eq '*' ? '[^/]*'
                                                         : quotemeta }
                     split /(\*+)/, $path;

    $rules{$path} = $modes;
}

my %wanted = ('/run/nginx.pid' => 'rw', '/run/nginx.pid.oldbin' => 'rw',
              '/proc/sys/net/core/rmem_max' => 'r');

for my $file (glob("$top/docs/*.md $top/conf/*.conf $top/conf/*/*.conf")) {
    my $text = slurp($file);

    $wanted{$1} = 'rw' while $text =~ /dns_cache_zone[^\n]*file=(\/[^\s;`]+)/g;
    $wanted{$1} = 'rw' while $text =~ /dns_dnstap\s+unix:(\/[^\s;`]+)/g;
    $wanted{$1} = 'r' while $text =~ /secret=(\/[^\s;`]+)/g;
    $wanted{$1} = 'w' while $text =~ /(?:access|error)_log\s+(\/[^\s;`]+)/g;
}

for my $path (sort keys %wanted) {
    my @rules = grep { $path =~ /^$_\z/ && $rules{$_} =~ /^[a-z]*$wanted{$path}/ }
                keys %rules;

    ok(@rules > 0, "$wanted{$path} $path");
}

done_testing();


sub slurp {
    my ($file) = @_;

    open my $fh, '<', $file or die "$file: $!\n";
    local $/;

    return scalar <$fh>;
}
