#!/usr/bin/perl

# Tests for shared zones: one name is for one kind, in a configuration; over
# a reload it may change its kind, and nothing of the old contents is used.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/)->plan(26);

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->write_file('hosts', "192.0.2.2 name.test\n");

# what gives the zone "%s" its kind; the server that uses it

my $counters = 'dns_metrics:16x16';
my $files = 'dns_hosts:%%TESTDIR%%/hosts';
my $use = 'dns_forward . 127.0.0.1:%%PORT_8081%%;';

my %kinds = (
    cache => [ 'dns_cache_zone zone=%s:1m;', "$use dns_cache %s;" ],
    peers => [ 'dns_upstream u { zone %s 1m;
                server 127.0.0.1:%%PORT_8081%%; health_check off; }',
               'dns_forward . u;' ],
    hosts => [ '', "$use dns_hosts hosts fallthrough;" ],
    counters => [ '', $use ],
    other => [ 'upstream o { zone %s 1m; server 127.0.0.1:9; }', $use ],
    limit => [ 'limit_conn_zone $remote_addr zone=%s:1m;', $use ],
);

# those of which the user does not choose the name; a cache's has no ":"

my %names = (hosts => $files, counters => $counters);

sub config {
    my ($name, @kinds) = @_;

    my $stream = join "\n", map { $kinds{$_}[0] } grep { $_ ne '' } @kinds;
    my ($server) = map { $kinds{$_}[1] }
        (grep { $_ eq 'hosts' } @kinds), @kinds;

    s/(?<!%)%s/$name/g for $stream, $server;

    return "%%TEST_GLOBALS%%\nevents { }\nstream {\n$stream\nserver {\n"
        . "listen 127.0.0.1:%%PORT_8053%% udp;\n$server\n}\n}\n";
}

for my $pair ([ qw/ cache peers / ], [ qw/ peers cache / ],
    [ qw/ peers hosts / ], [ qw/ peers counters / ],
    [ qw/ cache other / ], [ qw/ other cache / ],
    [ qw/ peers other / ], [ qw/ other peers / ],
    [ qw/ cache limit / ], [ qw/ limit peers / ],
    [ qw/ other hosts / ], [ qw/ other counters / ])
{
    my ($first, $second) = @$pair;
    my $name = $names{$second} // $names{$first} // 'z';

    my ($code, $out) = $t->test_config(config($name, @$pair));

    $out = "accepted\n$out" if !$code;
    my $said = "@$pair" =~ /other|limit/
        ? qr/the shared memory zone "\S+" is already declared for a different/
        : qr/zone "\S+" of "[^"]+" is already used by "[^"]+" in \S+:\d+/;

    like($out, $said, "@$pair");
}

# each kind after each other

sub start {
    $t->write_file_expand('nginx.conf', config('z', @_));
}

sub asked {
    return dns_query($t->port(8053), 'a.test', 'A')->{answers}[0]{data} // '';
}

start('cache');
$t->run();
asked();

for my $kind (qw/ peers cache other peers other cache peers /) {
    start($kind);

    ok($t->reload(), "reload to $kind");
    is(asked(), '192.0.2.1', "served with $kind");
}
