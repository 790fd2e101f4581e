#!/usr/bin/perl

# Tests for files that workers read again: nginx -t warns where their user
# has no right to, and not where it has.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

if ($>) {
    $t->{skipped} = 1;
    plan(skip_all => 'not root');
}

my $dir = $t->testdir();
my ($uid, $gid) = (getpwnam('nobody'))[2, 3];

my $globals = $t->expand('%%TEST_GLOBALS%%')
              =~ s/user root;/user nobody nogroup;/r;

$t->write_file('hosts', "192.0.2.1 a.test\n");
$t->write_file('secrets', '0123456789abcdef' x 2 . "\n");
$t->write_file('resolv', "nameserver 127.0.0.1\n");

sub said {
    my ($code, $said) = $t->test_config(<<"EOF_CONF");
$globals
events { }
stream {
    dns_upstream u {
        resolv_conf  $dir/resolv;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_hosts    $dir/hosts fallthrough;
        dns_cookie   secret=$dir/secrets;
        dns_forward  . u;
    }
}
EOF_CONF

    is($code, 0, 'nginx -t');

    my $why = qr/worker processes, as user "nobody", can't read/;

    return join ' ', sort
        $said =~ m{\[warn\] "(\w+)": $why "\Q$dir\E/\w+": .*, in \S+:\d+$}mg;
}

my @files = map { "$dir/$_" } qw/ hosts secrets resolv /;
my $all = 'dns_cookie dns_hosts resolv_conf';

chmod 0600, @files;
is(said(), $all, 'for root only');

chmod 0640, @files;
is(said(), $all, 'for a group in which workers are not');

chown 0, $gid, @files;
is(said(), '', 'for their group');

chmod 0604, @files;
is(said(), $all, 'for all but their group');

chown $uid, 0, @files;
chmod 0400, @files;
is(said(), '', 'their own');

chown 0, 0, @files;
chmod 0644, @files;
is(said(), '', 'for all');

SKIP: {
    chmod 0600, @files;

    skip 'no setfacl', 2 if system("setfacl -m u:nobody:r @files 2>/dev/null");

    is(said(), '', 'by a list');
}

$t->plan();
