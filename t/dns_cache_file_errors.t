#!/usr/bin/perl

# Tests for dns_cache_zone ... file=: what nginx -t refuses, and a directory
# that goes away while nginx runs.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(20)->allow(qr/\[emerg\]/);
my $dir = $t->testdir();

mkdir "$dir/is";
mkdir "$dir/closed";
chmod 0700, "$dir/closed";
$t->write_file('plain', '');

# where the directive stands

my $line = 4 + ($t->expand('%%TEST_GLOBALS%%') =~ tr/\n//);
my $at = qr/in \S+:$line/;


sub refused {
    my ($zones, $said, $name, $globals) = @_;

    $globals //= '%%TEST_GLOBALS%%';

    my ($code, $text) = $t->test_config(<<"EOF_CONF");
$globals
events { }
stream {
    $zones
    server {
        listen 127.0.0.1:%%PORT_8053%% udp;
        dns_cache c;
        dns_forward . 127.0.0.1;
    }
}
EOF_CONF

    $said ? like($text, $said, $name) : is($code, 0, $name);
}


refused("dns_cache_zone zone=c:1m file=$dir/c;", undef, 'a file');
ok(!-e "$dir/c", 'nginx -t writes none');
refused('dns_cache_zone zone=c:1m foo=bar;',
        qr/"dns_cache_zone": invalid parameter "foo=bar", it must be "file=PATH"/,
        'another parameter');
refused('dns_cache_zone zone=c:1m file=;', qr/"file=" must be the path of a file/,
        'no path');
refused("dns_cache_zone zone=c:1m file=$dir/;", qr/must be the path of a file/,
        'ends with a slash');
refused("dns_cache_zone zone=c:1m file=$dir/c.tmp;",
        qr/"file=\S+c.tmp" must not end with ".tmp", which is added while/,
        'ends as what is being written');
refused("dns_cache_zone zone=c:1m file=$dir/is;",
        qr/"dns_cache_zone" "c": "file=\S+is" must be a regular file, .*, $at$/m,
        'a directory');
refused("dns_cache_zone zone=c:1m file=$dir/plain/c;",
        qr/"dns_cache_zone" "c": "file=\S+c" must be a file, .* failed, $at \(20/,
        'below a file');
refused("dns_cache_zone zone=c:1m file=$dir/none/c;",
        qr/the directory of "file=\S+" must be there, .*none\/" failed, $at \(2/,
        'no directory');
refused("dns_cache_zone zone=c:1m file=$dir/c;
         dns_cache_zone zone=d:1m file=$dir/c;",
        qr/"file=\S+" is that of zone "c", too, it must be another one/,
        'the same file twice');
refused("dns_cache_zone zone=c:1m file=$dir/c;
         dns_cache_zone zone=d:1m file=$dir/is/..//c;",
        qr/"dns_cache_zone" "d": "file=\S+" is that of zone "c", too, .* \S+:\d+/,
        'by another path');
symlink $dir, "$dir/link" or die "$!\n";
refused("dns_cache_zone zone=c:1m file=$dir/c;
         dns_cache_zone zone=d:1m file=$dir/link/c;",
        qr/"dns_cache_zone" "d": "file=\S+" is that of zone "c", too, it must/,
        'by a link to its directory');
refused("dns_cache_zone zone=c:1m file=$dir/c;
         dns_cache_zone zone=d:1m file=$dir/d;", undef, 'two files');
refused('dns_cache_zone zone=c:1m file=relative;', undef, 'relative');

SKIP: {
    skip 'not root', 1 if $>;

    my $globals = $t->expand('%%TEST_GLOBALS%%') =~ s/user root;/user nobody nogroup;/r;

    refused("dns_cache_zone zone=c:1m file=$dir/closed/c;",
            qr/workers must have the right to write to the directory "\S+closed\/", $at$/m,
            'a directory of another user', $globals);
}

# the directory goes, and comes back

$t->write_file_expand('nginx.conf', <<"EOF_CONF");

%%TEST_GLOBALS%%

events {
}

stream {
    dns_cache_zone  zone=c:1m file=$dir/is/c;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_cache    c;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$t->upstream(8081, sub { { ttl => 1000, a => '192.0.2.1' } });
$t->run();

ok($t->wait_for(sub { -s "$dir/is/c" }), 'written');
dns_query($t->port(8053), 'a.test', 'A');

rename "$dir/is", "$dir/was";
$t->signal('QUIT');
ok($t->wait_for(sub { $t->gone($t->pid()) }), 'quits without its directory');
is(scalar(() = $t->error_log() =~ /can't be written to .*open\(\).* failed/g), 1,
   'said once');
ok(-s "$dir/was/c", 'the old file stays');

rename "$dir/was", "$dir/is";
$t->run();
ok(dns_query($t->port(8053), 'a.test', 'A'), 'and starts');
